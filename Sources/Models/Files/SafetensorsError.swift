import Files
import Foundation

/// An invalid safetensors file, or a failure to read or write one. `description` is one line.
public struct SafetensorsError: Error, Equatable {
  public enum Problem: Equatable, Sendable {
    /// The file system failed: `cannot be written`, `No space left on device`.
    case file(problem: String, reason: String)
    /// Too few bytes for the header's length.
    case noHeader(fileByteCount: Int)
    /// The header is longer than the file or than the format allows.
    case headerTooLong(byteCount: UInt64, limit: Int)
    /// The header is not the JSON that the format asks for; `offset` counts bytes of the header.
    case malformedHeader(reason: String, offset: Int)
    /// A name is in the header twice.
    case duplicateName
    case unknownDataType(String)
    /// The bytes between the offsets are not those of the shape.
    case sizeMismatch(dataType: SafetensorsDataType, shape: [Int], byteCount: Int)
    /// The offsets lie outside of the file, or the end comes before the start.
    case offsetsOutOfRange(begin: Int, end: Int, available: Int)
    /// A tensor starts before the one before it ends.
    case overlap(begin: Int, previousEnd: Int)
    /// Bytes that belong to no tensor come before this one.
    case hole(begin: Int, previousEnd: Int)
    /// Bytes follow the last tensor.
    case trailingBytes(count: Int)
    case missing
    case wrongDataType(expected: SafetensorsDataType, found: SafetensorsDataType)
    case wrongShape(expected: [Int], found: [Int])
    /// A tensor to be written has a name that the format reserves.
    case reservedName
    /// A tensor to be written has a negative extent or more bytes than an `Int` holds.
    case impossibleShape([Int])
    /// A tensor that was announced to the writer was not written before `finish`.
    case notWritten
    /// The writer has finished its file.
    case finished
    /// The number of values is not that of the shape that was announced to the writer.
    case wrongValueCount(expected: Int, found: Int)
  }

  /// The file.
  public let path: String
  /// The tensor concerned, if it is one.
  public let tensor: String?
  public let problem: Problem

  public init(path: String, tensor: String? = nil, problem: Problem) {
    self.path = path
    self.tensor = tensor
    self.problem = problem
  }
}

extension SafetensorsError {
  init(_ error: FileError) {
    self.init(path: error.path, problem: .file(problem: error.problem, reason: error.reason))
  }

  /// Runs `body`, and turns errors of the file system into safetensors errors.
  static func converting<Result: ~Copyable>(
    _ body: () throws(FileError) -> Result
  ) throws(SafetensorsError) -> Result {
    do {
      return try body()
    } catch {
      throw SafetensorsError(error)
    }
  }
}

extension SafetensorsError: CustomStringConvertible {
  public var description: String {
    // Names come from files: quoting them as Swift does keeps a line break in one from breaking the line.
    path + ": " + (tensor.map { "tensor \(String(reflecting: $0)): " } ?? "") + problem.description
  }
}

extension SafetensorsError: LocalizedError {
  public var errorDescription: String? { description }
}

extension SafetensorsError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let problem, let reason): "\(problem): \(reason)"
    case .noHeader(let count): "not a safetensors file: it has \(count) bytes, too few for a header"
    // Any other file begins with bytes that are a length like this.
    case .headerTooLong(let count, _) where count > UInt64(SafetensorsLayout.maximumHeaderByteCount):
      "not a safetensors file"
    case .headerTooLong(let count, let limit):
      "not a safetensors file, or cut short: its header claims \(count) bytes where at most \(limit) can be"
    case .malformedHeader(let reason, let offset): "header: \(reason), at byte \(offset)"
    case .duplicateName: "is in the header twice"
    case .unknownDataType(let name): "unknown data type \(String(reflecting: name))"
    case .sizeMismatch(let dataType, let shape, let count):
      "\(count) bytes do not hold shape \(shape) of \(dataType.rawValue)"
    case .offsetsOutOfRange(let begin, let end, let available):
      "data offsets \(begin)..\(end) lie outside of the \(available) bytes of data; the file is damaged or cut short"
    case .overlap(let begin, let end): "its data start at \(begin), before those of another tensor end at \(end)"
    case .hole(let begin, let end): "its data start at \(begin), and the bytes from \(end) on belong to no tensor"
    case .trailingBytes(let count): "\(count) bytes follow the last tensor"
    case .missing: "is not in the file"
    case .wrongDataType(let expected, let found): "holds \(found.rawValue) where \(expected.rawValue) is needed"
    case .wrongShape(let expected, let found): "has shape \(found) where \(expected) is needed"
    case .reservedName: "the format keeps this name for the metadata"
    case .impossibleShape(let shape): "shape \(shape) is impossible"
    case .notWritten: "was not written"
    case .finished: "is finished, nothing more can be written to it"
    case .wrongValueCount(let expected, let found): "\(found) values where the shape holds \(expected)"
    }
  }
}
