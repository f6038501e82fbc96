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

  /// Nil puts each colored picture beside its picture, and those of a folder into a folder beside it.
  private let out: String?
  private let format: ImageFormat

  /// - Parameters:
  ///   - inputs: Files, folders, and `-` for standard input.
  ///   - out: A folder, `-` for standard output, or, for one picture, a file; nil puts `old-colored.png` beside
  ///     `old.jpg`, and the pictures of the folder `old` into the folder `old-colored`. Not nil with standard input.
  ///   - format: The format of the colored pictures where `out` does not decide it.
  /// - Throws: `ValidationError`.
  init(inputs: [String], out: String?, format: ImageFormat?, isRecursive: Bool) throws {
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
        let endings = Format.list(ImageFormat.writable.flatMap(\.writtenFileExtensions).map { ".\($0)" }, "or")
        throw ValidationError("--out \(out): only \(names) are written; give it a name in \(endings).")
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
      self.format = format ?? .png
      for input in inputs { try add(input, isRecursive: isRecursive) }
    }
    try refuseLosses()
  }

  /// Whether a name is a picture's, and not a folder's.
  private static func namesFile(_ path: String) -> Bool {
    let otherFormats: Set<String> = ["gif", "bmp", "avif", "heic", "jxl"]
    let name = URL(filePath: path).lastPathComponent
    return !path.hasSuffix("/")
      && (ImageFormat.isImage(named: name) || otherFormats.contains(URL(filePath: path).pathExtension.lowercased()))
  }

  private mutating func add(_ input: String, isRecursive: Bool) throws {
    if input == "-" {
      let target = path(for: "picture", in: out ?? ".")
      jobs.append(PictureJob(source: .standardInput, target: .file(target), format: format))
    } else if Folder.exists(input) {
      do {
        let target = out ?? Self.folder(beside: input)
        let folder = try PictureFolder(input, isRecursive: isRecursive, excluding: target)
        problems += folder.problems
        if folder.pictures.isEmpty && folder.problems.isEmpty {
          problems.append(
            "\(input): no picture in this folder"
              + (isRecursive ? " or those inside it" : "; --recursive looks into those inside it"))
        }
        let prefix = input.hasSuffix("/") ? input : input + "/"
        for picture in folder.pictures {
          jobs.append(
            PictureJob(source: .file(prefix + picture), target: .file(path(for: picture, in: target)), format: format))
          membersOfFolders.insert(jobs.count - 1)
        }
      } catch {
        problems.append(error.description)
      }
    } else {
      let target =
        out.map { path(for: URL(filePath: input).lastPathComponent, in: $0) } ?? path(for: input, suffix: Self.suffix)
      jobs.append(PictureJob(source: .file(input), target: .file(target), format: format))
    }
  }

  /// The end of the names of colored pictures, and of their folders, beside their originals.
  private static let suffix = "-colored"

  /// Returns the folder for the colored pictures of a folder: `scans-colored` for `scans/`.
  private static func folder(beside input: String) -> String {
    // `.` and `..` have their names above them.
    let hasName = ![".", ".."].contains(URL(filePath: input).lastPathComponent)
    let path = hasName ? input : URL(filePath: input).standardizedFileURL.path
    return String(path.reversed().drop { $0 == "/" }.reversed()) + suffix
  }

  /// Returns the path of a colored picture in a folder: `out/a/old.png` for `a/old.jpg`.
  private func path(for picture: String, in folder: String) -> String {
    path(for: (folder.hasSuffix("/") ? folder : folder + "/") + picture, suffix: "")
  }

  /// Returns the path of a colored picture beside its picture: `a/old-colored.png` for `a/old.jpg`.
  private func path(for picture: String, suffix: String) -> String {
    let end = ImageFormat.isImage(named: picture) ? picture.lastIndex(of: ".") : nil
    return "\(picture[..<(end ?? picture.endIndex)])\(suffix).\(format.writtenFileExtensions.first ?? "")"
  }

  /// Indices of the jobs whose pictures are in a folder of the command line.
  private var membersOfFolders: Set<Int> = []

  /// Removes jobs whose colored picture would replace another, or a picture to color.
  private mutating func refuseLosses() throws {
    let sources = Set(jobs.compactMap { if case .file(let path) = $0.source { Self.resolved(path) } else { nil } })
    var taken: [String: String] = [:]
    var kept: [PictureJob] = []
    for (index, job) in jobs.enumerated() {
      var problem: String?
      if case .file(let path) = job.target {
        if sources.contains(Self.resolved(path)) {
          problem =
            "\(job.source.name): \(out.map { "--out \($0)" } ?? "this") would put its colored picture in the place of a "
            + "picture to color"
        } else if let other = taken.updateValue(job.source.name, forKey: path) {
          taken[path] = other
          problem = "\(job.source.name): would be written to the same file as \(other): \(path)"
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

  private static func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
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
}
