import Files
import Glibc
import Imaging
import Models
import Runtime

/// The coloring of pictures, one after the other. An error of one picture is reported in a line; the others are still
/// colored.
struct PictureColoring {
  let colorizer: Colorizer
  let settings: ColoringSettings
  /// Whether the network's own colors are written, instead of the photograph's lightness with the network's chroma.
  let isRaw: Bool
  let quality: Int
  let replacesFiles: Bool
  /// Whether pictures whose colored picture is there already are passed over; otherwise they are errors.
  let skipsFiles: Bool
  let pixelLimit: Int
  /// Whether pictures whose files end too early are colored as far as they go.
  let isPartAccepted: Bool

  /// Colors pictures. Returns the numbers of those that failed and of those that were passed over.
  /// - Throws: `FullDisk` where one of several finds no room; `OutputError`; `BackendError` of a device that fails.
  func run(_ jobs: [PictureJob]) throws -> (failed: Int, skipped: Int) {
    let display = ProgressDisplay()
    defer { display.clear() }
    removeLeftovers(of: jobs)
    var (failureCount, skippedCount) = (0, 0)
    for (index, job) in jobs.enumerated() {
      // Picture by picture, because another process may be coloring the same folder.
      if isPassedOver(job) {
        skippedCount += 1
        continue
      }
      if jobs.count > 1 { display.update("\(index + 1) of \(jobs.count): ", name: job.source.name) }
      var note: String?
      do {
        try color(job) { remark in
          display.clear()
          Console.warning(remark)
        }
      } catch let error as FileError where error.isFullDisk && jobs.count > 1 {
        throw FullDisk(
          error: error, missingCount: failureCount + jobs[index...].count { !isPassedOver($0) }, count: jobs.count,
          advice: replacesFiles ? "run the command again" : "go on with --skip-existing")
      } catch ImageError.tooLarge(let path, let width, let height, let limit) {
        note =
          "\(path): \(width)×\(height) is more than the \(limit) pixels that a picture may have; "
          + "--pixel-limit raises that"
      } catch let error as ImageError {
        note = error.description
        if case .incomplete = error { note?.append("; --partial colors what is there") }
      } catch let error as FileError {
        note = error.description
      } catch BackendError.outOfMemory(let requested, let device) {
        note =
          "\(job.source.name): too large to color on \(device), which has no room for \(requested) bytes more; "
          + "use a smaller --working-size"
      }
      display.clear()
      if let note {
        Console.error(note)
        failureCount += 1
      } else if case .file(let path) = job.target {
        try Console.output(line: path)
      }
    }
    return (failureCount, skippedCount)
  }

  private func isPassedOver(_ job: PictureJob) -> Bool {
    guard skipsFiles, case .file(let path) = job.target else { return false }
    return Folder.holdsName(path, followingLinks: false)
  }

  private func color(_ job: PictureJob, remark: (String) -> Void) throws {
    if case .file(let path) = job.target { try requireFree(path) }
    let photograph = try read(job.source)
    for line in photograph.remarks { remark("\(job.source.name): \(line)") }
    let image: any WritableImage
    if isRaw {
      image = try colorizer.raw(photograph, workingSize: settings.workingSize)
    } else {
      let colored = try colorizer.colorize(photograph, settings)
      for line in colored.remarks(as: job.format) { remark("\(job.source.name): \(line)") }
      image = colored
    }
    try write(image, to: job)
  }

  private func requireFree(_ path: String) throws(FileError) {
    guard !replacesFiles, Folder.holdsName(path, followingLinks: false) else { return }
    throw Self.taken(path)
  }

  private static func taken(_ path: String) -> FileError {
    FileError(path: path, problem: "is already there", reason: "--force replaces it")
  }

  /// Removes what killed processes left of the files that are to be written.
  private func removeLeftovers(of jobs: [PictureJob]) {
    var names: [String: Set<String>] = [:]
    for case .file(let path) in jobs.map(\.target) {
      names[Folder.parent(of: path), default: []].insert(Folder.name(of: path))
    }
    for (folder, names) in names { AtomicFile.removeLeftovers(in: folder, where: names.contains) }
  }

  private func read(_ source: PictureJob.Source) throws -> Photograph {
    switch source {
    case .file(let path):
      if Folder.type(of: path) == S_IFIFO {
        throw FileError(path: path, problem: "cannot be read", reason: "it is a pipe; - reads one from standard input")
      }
      return try Photograph(contentsOf: path, pixelLimit: pixelLimit, isPartAccepted: isPartAccepted)
    case .standardInput:
      let input = try FileDescriptor(duplicating: STDIN_FILENO, name: source.name)
      return try Photograph(
        reading: input, name: source.name, pixelLimit: pixelLimit, isPartAccepted: isPartAccepted)
    }
  }

  private func write(_ image: any WritableImage, to job: PictureJob) throws {
    switch job.target {
    case .file(let path):
      try Folder.create(Folder.parent(of: path))
      do {
        try image.write(to: path, as: job.format, quality: quality, isReplacing: replacesFiles)
      } catch ImageError.file(let error) {
        // A file appeared there meanwhile.
        throw error.reason == AtomicFile.isTaken ? Self.taken(path) : error
      }
    case .standardOutput:
      // Encoded completely first, so that the pipe gets a whole picture or nothing.
      let output = MemoryOutput()
      try image.write(to: output, as: job.format, quality: quality, name: "standard output")
      try Console.output(output.bytes)
    }
  }
}
