import CPUKernels
import Files
import Glibc
import Imaging
import Models
import Runtime

/// The coloring of pictures, several at a time. An error of one picture is reported in a line; the others are still
/// colored.
struct PictureColoring: Sendable {
  let colorizer: Colorizer
  let settings: ColoringSettings
  /// Known colors, of a single picture.
  var hints: [ColorHint] = []
  /// Whether the network's own colors are written, instead of the photograph's lightness with the network's chroma.
  let isRaw: Bool
  let quality: Int
  let compressionLevel: Int
  let replacesFiles: Bool
  /// Whether pictures whose colored picture is there already are passed over; otherwise they are errors.
  let skipsFiles: Bool
  let pixelLimit: Int
  /// Whether pictures whose files end too early are colored as far as they go.
  let isPartAccepted: Bool
  /// Number of threads that color a picture each.
  var threadCount = ThreadPool.defaultWorkerCount
  /// Bytes for the pictures that are colored at a time.
  var memory = PictureSchedule.usualMemory

  /// Colors pictures. Returns the numbers of those that failed and of those that were passed over.
  /// - Throws: `FullDisk` where one of several finds no room; `OutputError`; `BackendError` of a device that fails.
  func run(_ jobs: [PictureJob]) throws -> (failed: Int, skipped: Int) {
    removeLeftovers(of: jobs)
    let schedule = PictureSchedule(count: jobs.count, memory: memory)
    let report = PictureReport(jobs)
    // Each of these threads colors pictures until none is left. The loops within a picture take the cores of those that
    // wait or have ended.
    let threadCount = min(jobs.count, self.threadCount)
    Parallel.forEach(threadCount, threadCount: threadCount) { _ in
      while let place = schedule.next() {
        let outcome = outcome(of: jobs[place.index], at: place) { report.begin(place.index) }
        place.end()
        if !report.finish(place.index, outcome) { schedule.stop() }
      }
    }
    do {
      return try report.end()
    } catch let error as FileError where error.isFullDisk {
      // Pictures that are written by now are among those that a later run passes over.
      throw FullDisk(
        error: error, missingCount: skipsFiles ? jobs.count { !isPassedOver($0) } : jobs.count - report.writtenCount,
        count: jobs.count, advice: replacesFiles ? "run the command again" : "go on with --skip-existing")
    }
  }

  private func isPassedOver(_ job: PictureJob) -> Bool {
    guard skipsFiles, case .file(let path) = job.target else { return false }
    return Folder.holdsName(path, followingLinks: false)
  }

  /// Colors a picture at its place of the schedule.
  /// - Parameter begin: Called unless the picture is passed over.
  private func outcome(of job: PictureJob, at place: PictureSchedule.Place, begin: () -> Void) -> PictureOutcome {
    // Picture by picture, because another process may be coloring the same folder.
    if isPassedOver(job) { return PictureOutcome(end: .skipped) }
    begin()
    let (outcome, isShortage) = attempt(job, at: place)
    // The other pictures may have taken what this one lacked. Standard input can be read only once.
    guard isShortage, job.source.path != nil, place.becomeSole() else { return outcome }
    return attempt(job, at: place).outcome
  }

  /// Colors a picture. Returns what came of it, and whether it failed because the system ran out of something.
  private func attempt(
    _ job: PictureJob, at place: PictureSchedule.Place
  ) -> (outcome: PictureOutcome, isShortage: Bool) {
    var warnings: [String] = []
    var times: PictureTimes?
    var isShortage = false
    let end: PictureOutcome.End
    do {
      times = try color(job, at: place) { warnings.append($0) }
      end = if case .file(let path) = job.target { .written(path) } else { .written(nil) }
    } catch ImageError.tooLarge(let path, let width, let height, let limit) {
      end = .failed(
        "\(path): \(width)×\(height) is more than the \(limit) pixels that a picture may have; "
          + "--pixel-limit raises that")
    } catch let error as ImageError {
      var note = error.description
      if case .incomplete = error { note.append("; --partial colors what is there") }
      end = .failed(note)
      isShortage = error.isShortage
    } catch let error as MisplacedHint {
      end = .failed(error.description)
    } catch let error as FileError {
      end = error.isFullDisk ? .fullDisk(error) : .failed(error.description)
      isShortage = error.isShortage
    } catch BackendError.outOfMemory(let requested, let device) {
      end = .failed(
        "\(job.source.name): too large to color on \(device), which has no room for \(requested) bytes more; "
          + "use a smaller --working-size")
      isShortage = true
    } catch {
      end = .stopped(error)
    }
    return (PictureOutcome(warnings: warnings, times: times, end: end), isShortage)
  }

  /// Returns how long the parts took.
  private func color(
    _ job: PictureJob, at place: PictureSchedule.Place, remark: (String) -> Void
  ) throws -> PictureTimes {
    if case .file(let path) = job.target { try requireFree(path) }
    let begun = ContinuousClock.now
    let photograph = try read(job.source) { place.admit($0.byteCount(writtenAs: job.format, quality: quality)) }
    var times = PictureTimes(
      of: job.source.name, pixelCount: photograph.width * photograph.height, readSince: begun)
    for line in photograph.remarks { remark("\(job.source.name): \(line)") }
    let image: any WritableImage
    if isRaw {
      image = try colorizer.raw(photograph, workingSize: settings.workingSize)
    } else {
      if let misplaced = MisplacedHint(hints, in: photograph, named: job.source.name) { throw misplaced }
      let prediction = try colorizer.predict(photograph, workingSize: settings.workingSize)
      times.add("colors predicted")
      let colored = prediction.colored(
        photograph, strength: settings.strength, contrast: settings.contrast, hints: prediction.field(of: hints))
      for line in colored.remarks(as: job.format) { remark("\(job.source.name): \(line)") }
      image = colored
    }
    try write(image, to: job)
    // The rows of a colored picture are made as they are encoded.
    times.add(isRaw ? "predicted and written" : "colored, encoded and written")
    return times
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

  /// - Parameter admit: Called with the memory that the picture takes before it is allocated.
  private func read(
    _ source: PictureJob.Source, admit: @escaping (PhotographMemory) -> Void
  ) throws -> Photograph {
    switch source {
    case .file(let path):
      if Folder.type(of: path) == S_IFIFO {
        throw FileError(path: path, problem: "cannot be read", reason: "it is a pipe; - reads one from standard input")
      }
      return try Photograph(
        contentsOf: path, pixelLimit: pixelLimit, isPartAccepted: isPartAccepted, admit: admit)
    case .standardInput:
      let input = try FileDescriptor(duplicating: STDIN_FILENO, name: source.name)
      return try Photograph(
        reading: input, name: source.name, pixelLimit: pixelLimit, isPartAccepted: isPartAccepted, admit: admit)
    }
  }

  /// Returns the compression of PNG files.
  /// - Parameter memory: Bytes that the coloring of pictures may take.
  static func compression(level: Int, memory: Int) -> Compression {
    Compression(level: level, memoryLimit: min(Compression().memoryLimit, memory))
  }

  private func write(_ image: any WritableImage, to job: PictureJob) throws {
    let compression = Self.compression(level: compressionLevel, memory: memory)
    switch job.target {
    case .file(let path):
      try Folder.create(Folder.parent(of: path))
      do {
        try image.write(
          to: path, as: job.format, quality: quality, compression: compression, isReplacing: replacesFiles)
      } catch ImageError.file(let error) {
        // A file appeared there meanwhile.
        throw error.reason == AtomicFile.isTaken ? Self.taken(path) : error
      }
    case .standardOutput:
      // Encoded completely first, so that the pipe gets a whole picture or nothing.
      let output = MemoryOutput()
      try image.write(
        to: output, as: job.format, quality: quality, compression: compression, name: "standard output")
      try Console.output(output.bytes)
    }
  }
}
