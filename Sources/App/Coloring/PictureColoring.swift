import Files
import FoundationEssentials
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
  let pixelLimit: Int

  /// Colors pictures. Returns the number of those that failed.
  func run(_ jobs: [PictureJob]) throws -> Int {
    let display = ProgressDisplay()
    var failureCount = 0
    for (index, job) in jobs.enumerated() {
      if jobs.count > 1 { display.update("\(index + 1) of \(jobs.count): ", name: job.source.name) }
      var note: String?
      do {
        try color(job) { remark in
          display.clear()
          Console.warning(remark)
        }
      } catch ImageError.tooLarge(let path, let width, let height, let limit) {
        note =
          "\(path): \(width)×\(height) is more than the \(limit) pixels that a picture may have; "
          + "--pixel-limit raises that"
      } catch let error as ImageError {
        note = error.description
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
        try Console.output(path)
      }
    }
    return failureCount
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
    var status = stat()
    guard !replacesFiles, lstat(path, &status) == 0 else { return }
    throw FileError(path: path, problem: "is already there", reason: "--force replaces it")
  }

  private func read(_ source: PictureJob.Source) throws -> Photograph {
    switch source {
    case .file(let path):
      var status = stat()
      if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO {
        throw FileError(path: path, problem: "cannot be read", reason: "it is a pipe; - reads one from standard input")
      }
      return try Photograph(contentsOf: path, pixelLimit: pixelLimit)
    case .standardInput:
      let input = try FileDescriptor(path: "/dev/stdin", flags: O_RDONLY, problem: "cannot be read")
      return try Photograph(reading: input, name: source.name, pixelLimit: pixelLimit)
    }
  }

  private func write(_ image: any WritableImage, to job: PictureJob) throws {
    switch job.target {
    case .file(let path):
      try Folder.create(URL(filePath: path).deletingLastPathComponent().path)
      do {
        try image.write(to: path, as: job.format, quality: quality, isReplacing: replacesFiles)
      } catch {
        // A file may have appeared there meanwhile.
        try requireFree(path)
        throw error
      }
    case .standardOutput:
      // Encoded completely first, so that the pipe gets a whole picture or nothing.
      let output = MemoryOutput()
      try image.write(to: output, as: job.format, quality: quality, name: "standard output")
      try Console.output(output.bytes)
    }
  }
}
