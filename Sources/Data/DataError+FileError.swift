import Files

/// Runs `body`, and turns what it throws into a `DataError`.
func withDataErrors<Result: ~Copyable>(_ body: () throws(FileError) -> Result) throws(DataError) -> Result {
  do {
    return try body()
  } catch {
    throw .file(error)
  }
}
