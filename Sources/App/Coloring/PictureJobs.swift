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
  /// Lines about results of earlier runs, which are not colored again.
  private(set) var remarks: [String] = []
  /// Lines about pictures that are left out because their formats are not read.
  private(set) var omissions: [String] = []

  /// Nil puts each colored picture beside its picture, and those of a folder into a folder beside it.
  private let out: String?
  private let format: ColoredFormat

  /// - Parameters:
  ///   - inputs: Files, folders, and `-` for standard input.
  ///   - out: A folder, `-` for standard output, or, for one picture, a file; nil puts `old-colored.png` beside
  ///     `old.jpg`, and the pictures of the folder `old` into the folder `old-colored`.
  ///   - format: The format of the colored pictures where `out` does not decide it; PNG where it is nil.
  /// - Throws: `ValidationError`, also for standard input without `out`; `FileError` where `out` is a file in place of
  ///   a folder, or cannot be made or written, which would be the error of every picture.
  init(
    inputs: [String], out: String?, format: ColoredFormat?, isRecursive: Bool
  ) throws {
    var named: Set<String> = []
    var inputs = inputs.filter { named.insert($0).inserted }
    // As a shell's `*.png` names them.
    let results = ColoredPath.Results(of: inputs)
    let resultCount = inputs.count(where: results.contains)
    inputs.removeAll(where: results.contains)
    self.out = out
    self.format = format ?? .named(.png)
    noteResults(resultCount, in: "the command line")
    guard let out else {
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
      if out != "-" { try Folder.requireWritable(Folder.parent(of: out)) }
      let source = inputs[0] == "-" ? PictureJob.Source.standardInput : .file(inputs[0])
      // Of standard input, the name alone can say what the same format is.
      let isOpen = source.path == nil && format == .same && namedFormat != nil
      let asked = isOpen ? nil : try format.map { (format) throws(ValidationError) in try source.format(format) }
      if let asked, let namedFormat, asked != namedFormat {
        throw ValidationError("--format \(asked): --out \(out) is the name of another format.")
      }
      jobs = [
        PictureJob(
          source: source, target: out == "-" ? .standardOutput : .file(out), format: namedFormat ?? asked ?? .png)
      ]
    } else {
      guard Folder.exists(out) || !Self.namesFile(out) else {
        throw ValidationError("--out \(out): several pictures need a folder.")
      }
      guard Folder.exists(out) || !Folder.holdsName(out) else {
        throw FileError(
          path: out, problem: "cannot be made",
          reason: "it is a file; name a folder by --out"
            + (isSingle ? ", or a file in \(ImageFormat.writtenEndings)" : ""))
      }
      try Folder.requireWritable(out)
      for input in inputs { try add(input, isRecursive: isRecursive) }
    }
    try refuseLosses()
  }

  /// Whether a name is a picture's, and not a folder's.
  private static func namesFile(_ path: String) -> Bool {
    let name = URL(filePath: path).lastPathComponent
    return !path.hasSuffix("/") && (ImageFormat(named: name) != nil || UnreadFormat(named: name) != nil)
  }

  private mutating func add(_ input: String, isRecursive: Bool) throws(ValidationError) {
    if input == "-" {
      guard let out else {
        throw ValidationError("--out is missing: it names a file for the picture from standard input, or - for a pipe.")
      }
      let format = try format.formatOfStandardInput()
      add(.standardInput, to: ColoredPath.picture("picture", in: out, as: format), as: format)
    } else if Folder.exists(input) {
      try addFolder(input, isRecursive: isRecursive)
    } else {
      let format = format.format(ofPictureAt: input)
      let path =
        out.map { ColoredPath.picture(Folder.name(of: input), of: input, in: $0, as: format) }
        ?? ColoredPath.picture(beside: input, as: format)
      add(.file(input), to: path, as: format)
    }
  }

  private mutating func addFolder(_ input: String, isRecursive: Bool) throws(ValidationError) {
    let target = if let out { out } else { try ColoredPath.folder(beside: input) }
    let folder: PictureFolder
    do throws(FileError) {
      try Folder.requireWritable(target)
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
    if !folder.passedOver.isEmpty { omissions.append(folder.passedOver.remark(about: input)) }
    noteResults(folder.resultCount, in: input)
    for picture in folder.pictures {
      let source = Folder.path(of: picture, in: input)
      let format = format.format(ofPictureAt: source)
      add(.file(source), to: ColoredPath.picture(picture, of: source, in: target, as: format), as: format)
      membersOfFolders.insert(jobs.count - 1)
    }
  }

  private mutating func noteResults(_ count: Int, in place: String) {
    guard count > 0 else { return }
    remarks.append(
      "\(place): \(Format.counted(count, "result")) of earlier runs, named -colored, "
        + "\(count == 1 ? "is" : "are") not colored again")
  }

  private mutating func add(_ source: PictureJob.Source, to path: String, as format: ImageFormat) {
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

    /// Nil for standard input.
    var path: String? { if case .file(let path) = self { path } else { nil } }

    /// See `ColoredPath.resolved(_:)`; nil for standard input.
    var resolvedPath: String? { path.map(ColoredPath.resolved) }

    /// Returns the format of the colored picture.
    /// - Throws: `ValidationError` for standard input where it is that of the picture.
    func format(_ format: ColoredFormat) throws(ValidationError) -> ImageFormat {
      if let path { format.format(ofPictureAt: path) } else { try format.formatOfStandardInput() }
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
