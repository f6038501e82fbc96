import ArgumentParser
import Files
import FoundationEssentials
import Imaging

/// The pictures to color of a command line.
struct PictureJobs {
  private(set) var jobs: [PictureJob] = []
  /// The reasons why pictures in folders are not colored: one line each. For a picture on the command line, it is an
  /// error of the command line.
  private(set) var problems: [String] = []
  /// Remarks about pictures in folders that are passed over: one line for each folder.
  private(set) var remarks: [String] = []

  /// Nil puts each colored picture beside its picture, and those of a folder into a folder beside it.
  private let out: String?
  private let format: ImageFormat

  /// - Parameters:
  ///   - inputs: Files, folders, and `-` for standard input.
  ///   - out: A folder, `-` for standard output, or, for one picture, a file; nil puts `old-colored.png` beside
  ///     `old.jpg`, and the pictures of the folder `old` into the folder `old-colored`.
  ///   - format: The format of the colored pictures where `out` does not decide it.
  /// - Throws: `ValidationError`, also for standard input without `out`.
  init(
    inputs: [String], out: String?, format: ImageFormat?, isRecursive: Bool
  ) throws(ValidationError) {
    var named: Set<String> = []
    let inputs = inputs.filter { named.insert($0).inserted }
    self.out = out
    guard let out else {
      self.format = format ?? .png
      for input in inputs { try add(input, isRecursive: isRecursive) }
      try refuseLosses()
      return
    }
    guard !out.isEmpty else { throw ValidationError("--out: names nothing.") }
    let isSingle = inputs.count == 1 && !Folder.exists(inputs[0])
    let namedFormat = ImageFormat(writing: out)
    if out == "-" || (isSingle && !Folder.exists(out) && Self.namesFile(out)) {
      guard isSingle else { throw ValidationError("--out \(out): several pictures need a folder.") }
      guard out == "-" || namedFormat != nil else {
        let names = Format.list(ImageFormat.writable.map(\.name), "and")
        throw ValidationError(
          "--out \(out): only \(names) are written; give it a name in \(ImageFormat.writtenEndings).")
      }
      if let format, let namedFormat, format != namedFormat {
        throw ValidationError("--format \(format): --out \(out) is the name of another format.")
      }
      self.format = namedFormat ?? format ?? .png
      let source = inputs[0] == "-" ? PictureJob.Source.standardInput : .file(inputs[0])
      jobs = [PictureJob(source: source, target: out == "-" ? .standardOutput : .file(out), format: self.format)]
    } else {
      guard Folder.exists(out) || !Self.namesFile(out) else {
        throw ValidationError("--out \(out): several pictures need a folder.")
      }
      guard Folder.exists(out) || !FileManager.default.fileExists(atPath: out) else {
        throw ValidationError(
          "--out \(out): is a file; name a folder"
            + (isSingle ? ", or a file in \(ImageFormat.writtenEndings)." : "."))
      }
      self.format = format ?? .png
      for input in inputs { try add(input, isRecursive: isRecursive) }
    }
    try refuseLosses()
  }

  /// Whether a name is a picture's, and not a folder's.
  private static func namesFile(_ path: String) -> Bool {
    let name = URL(filePath: path).lastPathComponent
    return !path.hasSuffix("/") && (ImageFormat.isImage(named: name) || UnreadFormat(named: name) != nil)
  }

  private mutating func add(_ input: String, isRecursive: Bool) throws(ValidationError) {
    if input == "-" {
      guard let out else {
        throw ValidationError("--out is missing: it names a file for the picture from standard input, or - for a pipe.")
      }
      add(.standardInput, to: ColoredPath.picture("picture", in: out, as: format))
    } else if Folder.exists(input) {
      try addFolder(input, isRecursive: isRecursive)
    } else {
      add(
        .file(input),
        to: out.map { ColoredPath.picture(URL(filePath: input).lastPathComponent, in: $0, as: format) }
          ?? ColoredPath.picture(beside: input, as: format))
    }
  }

  private mutating func addFolder(_ input: String, isRecursive: Bool) throws(ValidationError) {
    let target = if let out { out } else { try ColoredPath.folder(beside: input) }
    let folder: PictureFolder
    do throws(FileError) {
      folder = try PictureFolder(input, isRecursive: isRecursive, excluding: target)
    } catch {
      problems.append(error.description)
      return
    }
    problems += folder.problems
    if folder.pictures.isEmpty && folder.problems.isEmpty {
      problems.append(
        "\(input): no picture in this folder"
          + (isRecursive ? " or those inside it" : "; --recursive looks into those inside it"))
    }
    if !folder.passedOver.isEmpty { remarks.append(folder.passedOver.remark(about: input)) }
    let prefix = input.hasSuffix("/") ? input : input + "/"
    for picture in folder.pictures {
      add(.file(prefix + picture), to: ColoredPath.picture(picture, in: target, as: format))
      membersOfFolders.insert(jobs.count - 1)
    }
  }

  private mutating func add(_ source: PictureJob.Source, to path: String) {
    jobs.append(PictureJob(source: source, target: .file(path), format: format))
  }

  /// Indices of the jobs whose pictures are in a folder of the command line.
  private var membersOfFolders: Set<Int> = []

  /// Removes jobs whose colored picture would replace another, or a picture to color, and those that are there twice.
  private mutating func refuseLosses() throws(ValidationError) {
    let sources = Set(jobs.compactMap(\.source.resolvedPath))
    var taken: [String: PictureJob] = [:]
    var kept: [PictureJob] = []
    for (index, job) in jobs.enumerated() {
      var problem: String?
      if case .file(let path) = job.target {
        let target = ColoredPath.resolved(path)
        if sources.contains(target) {
          problem =
            "\(job.source.name): its colored picture would replace "
            + (job.source.resolvedPath == target ? "it" : "\(path), which is also to be colored")
            + "; name another folder by --out"
        } else if let other = taken[target] {
          if let picture = job.source.resolvedPath, picture == other.source.resolvedPath { continue }
          problem =
            "\(job.source.name): would be written to the same file as \(other.source.name), \(path); color them one at "
            + "a time, each with another --out"
        } else {
          taken[target] = job
        }
      }
      if let problem {
        guard membersOfFolders.contains(index) else { throw ValidationError(problem + ".") }
        problems.append(problem)
      } else {
        kept.append(job)
      }
    }
    jobs = kept
  }
}

/// A picture to color, and its destination.
struct PictureJob {
  enum Source {
    case standardInput
    case file(String)

    /// The name in messages.
    var name: String {
      switch self {
      case .standardInput: "standard input"
      case .file(let path): path
      }
    }

    /// See `ColoredPath.resolved(_:)`; nil for standard input.
    var resolvedPath: String? {
      if case .file(let path) = self { ColoredPath.resolved(path) } else { nil }
    }
  }

  enum Target {
    case standardOutput
    case file(String)
  }

  let source: Source
  let target: Target
  let format: ImageFormat
}

extension ImageFormat: ExpressibleByArgument {
  /// Creates a format that is written from its name.
  public init?(argument: String) {
    guard let format = Self.writable.first(where: { $0.rawValue == argument }) else { return nil }
    self = format
  }

  public static var allValueStrings: [String] { writable.map(\.rawValue) }

  /// The endings of the names of written files, for help and messages.
  static let writtenEndings = Format.list(writable.flatMap(\.writtenFileExtensions).map { ".\($0)" }, "or")
}
