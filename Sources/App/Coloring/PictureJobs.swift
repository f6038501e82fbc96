import ArgumentParser
import Files
import FoundationEssentials
import Imaging

/// All pictures that a command line asks for.
struct PictureJobs {
  private(set) var jobs: [PictureJob] = []
  /// What keeps pictures of folders from being colored: one line each. What is wrong with pictures that were named is an
  /// error of the command line.
  private(set) var problems: [String] = []

  private let out: String
  private let format: OutputFormat

  /// - Parameters:
  ///   - inputs: files, folders, and `-` for standard input.
  ///   - out: a folder, `-` for standard output, or, for one picture, a file.
  ///   - format: of the colored pictures, where their name does not say.
  /// - Throws: `ValidationError`.
  init(inputs: [String], out: String, format: OutputFormat?, isRecursive: Bool) throws {
    self.out = out
    guard !out.isEmpty else { throw ValidationError("--out: names nothing.") }
    let isSingle = inputs.count == 1 && !Folder.exists(inputs[0])
    let namedFormat = OutputFormat(fileName: out)
    if out == "-" || (isSingle && !Folder.exists(out) && Self.namesFile(out)) {
      guard isSingle else { throw ValidationError("--out \(out): several pictures need a folder.") }
      guard out == "-" || namedFormat != nil else {
        throw ValidationError("--out \(out): only PNG and JPEG are written; give it a name in .png, .jpg or .jpeg.")
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

  /// Whether a name is that of a picture and not of a folder.
  private static func namesFile(_ path: String) -> Bool {
    let otherFormats: Set<String> = ["gif", "bmp", "avif", "heic", "jxl"]
    let name = URL(filePath: path).lastPathComponent
    return !path.hasSuffix("/")
      && (ImageFormat.isImage(named: name) || otherFormats.contains(URL(filePath: path).pathExtension.lowercased()))
  }

  private mutating func add(_ input: String, isRecursive: Bool) throws {
    if input == "-" {
      jobs.append(PictureJob(source: .standardInput, target: .file(path(for: "picture")), format: format))
    } else if Folder.exists(input) {
      do {
        let folder = try PictureFolder(input, isRecursive: isRecursive, excluding: out)
        problems += folder.problems
        if folder.pictures.isEmpty && folder.problems.isEmpty {
          problems.append(
            "\(input): no picture in this folder"
              + (isRecursive ? " or those inside it" : "; --recursive looks into those inside it"))
        }
        let prefix = input.hasSuffix("/") ? input : input + "/"
        for picture in folder.pictures {
          jobs.append(PictureJob(source: .file(prefix + picture), target: .file(path(for: picture)), format: format))
          membersOfFolders.insert(jobs.count - 1)
        }
      } catch {
        problems.append(error.description)
      }
    } else {
      let name = URL(filePath: input).lastPathComponent
      jobs.append(PictureJob(source: .file(input), target: .file(path(for: name)), format: format))
    }
  }

  /// `a/old.jpg` becomes `out/a/old.png`.
  private func path(for picture: String) -> String {
    let folder = out.hasSuffix("/") ? out : out + "/"
    let end = ImageFormat.isImage(named: picture) ? picture.lastIndex(of: ".") : nil
    let stem = picture[..<(end ?? picture.endIndex)]
    return "\(folder)\(stem).\(format.fileExtension)"
  }

  /// Which of `jobs` come from going through a folder.
  private var membersOfFolders: Set<Int> = []

  /// Takes out what would be lost: a colored picture under the name of another, or of a picture to color.
  private mutating func refuseLosses() throws {
    let sources = Set(jobs.compactMap { if case .file(let path) = $0.source { Self.resolved(path) } else { nil } })
    var taken: [String: String] = [:]
    var kept: [PictureJob] = []
    for (index, job) in jobs.enumerated() {
      var problem: String?
      if case .file(let path) = job.target {
        if sources.contains(Self.resolved(path)) {
          problem = "\(job.source.name): --out \(out) would put its colored picture in the place of a picture to color"
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
