/// One picture to color, and where it goes.
struct PictureJob {
  enum Source {
    case standardInput
    case file(String)

    /// What messages call it.
    var name: String {
      switch self {
      case .standardInput: "standard input"
      case .file(let path): path
      }
    }
  }

  enum Target {
    case standardOutput
    case file(String)
  }

  let source: Source
  let target: Target
  let format: OutputFormat
}
