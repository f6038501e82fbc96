import Files
import FoundationEssentials
import Glibc
import Models
import Report
import TensorBoard

/// A run whose files are watched. What has been read is not read again, unless a file was replaced by another one.
struct WatchedRun: Sendable {
  let id: String
  let folder: String
  /// The folder's name, for people.
  let name: String
  private(set) var summary: RunSummary
  /// The text of `config.json`.
  private(set) var configurationText = "{}"
  private(set) var configuration: RunConfiguration?
  private(set) var columns: [String] = []
  /// The rows of `metrics.csv`; nil for fields that are empty or no numbers.
  private(set) var rows: [[Double?]] = []
  private(set) var samples: [Int] = []
  var series = RunSeries()

  private var configurationStamp: FileStamp?
  private var metricsStamp: FileStamp?
  private var samplesStamp: FileStamp?
  /// The bytes of `metrics.csv` up to the last whole row, and that row, by which an addition is recognized.
  private var metricsEnd = 0
  private var lastRow: [UInt8] = []
  private var readers: [EventFileReader] = []
  private var readerStamps: [String: FileStamp] = [:]

  /// Largest size of a text file of a run, in bytes.
  private static let largestText = 1 << 28

  /// The changes that an update found.
  struct Changes: OptionSet, Sendable {
    let rawValue: Int
    static let summary = Changes(rawValue: 1)
    static let series = Changes(rawValue: 2)
    static let samples = Changes(rawValue: 4)
    static let state = Changes(rawValue: 8)
  }

  init(_ folder: String, shownAs path: String) {
    self.folder = folder
    id = ServedModel.id(of: folder)
    name = Folder.name(of: Folder.withoutSlashes(Folder.realPath(folder) ?? folder)).printable
    summary = RunSummary(id: id, name: name, path: path.printable)
  }

  private var directory: RunDirectory { RunDirectory(opening: URL(filePath: folder)) }

  /// The sheet of an epoch.
  func sample(epoch: Int) -> String { directory.sample(epoch: epoch).path }

  /// Bytes of events that have been read.
  var eventByteCount: Int { readers.reduce(0) { $0 + $1.offset } }

  /// Looks at the files, and reads what is new.
  /// - Parameters:
  ///   - locks: The text of /proc/locks.
  ///   - own: Whether this process trains the run.
  ///   - progress: The last progress that this process told of the run.
  ///   - eventLimit: Most bytes of events to read.
  mutating func update(
    locks: String, own: Bool, progress: TrainingProgress? = nil, eventLimit: Int
  ) -> Changes {
    let before = summary
    var changes: Changes = []
    summary.problem = nil
    readConfiguration()
    readMetrics()
    if readSamples() { changes.insert(.samples) }
    if readEvents(limit: eventLimit) { changes.insert(.series) }
    let process = own ? RunProcess.this : RunProcess(trainingIn: folder, locks: locks)
    summarize(process, own: own, progress)
    if summary != before { changes.insert(.summary) }
    if summary.state != before.state { changes.insert(.state) }
    return changes
  }

  private mutating func readConfiguration() {
    let path = directory.configuration.path
    let stamp = FileStamp(of: path)
    guard stamp != configurationStamp else { return }
    configurationStamp = stamp
    do {
      configurationText = try directory.configurationText()
      configuration = try directory.readConfiguration()
    } catch {
      configuration = nil
      configurationProblem = "\(error)".printable
      return
    }
    configurationProblem = nil
  }

  /// Why `config.json` cannot be read; nil where it can.
  private var configurationProblem: String?

  private mutating func readMetrics() {
    let path = directory.metrics.path
    let stamp = FileStamp(of: path)
    guard stamp != metricsStamp else { return }
    metricsStamp = stamp
    guard let stamp, stamp.byteCount <= Self.largestText, let file = try? FileDescriptor(readingOrdinaryFile: path)
    else {
      (columns, rows, metricsEnd, lastRow) = ([], [], 0, [])
      return
    }
    // The file is replaced after each epoch, and mostly has one row more.
    var start = metricsEnd - lastRow.count
    if metricsEnd == 0 || stamp.byteCount < metricsEnd || bytes(of: file, start..<metricsEnd) != lastRow {
      (columns, rows, metricsEnd, lastRow, start) = ([], [], 0, [], 0)
    }
    start = metricsEnd
    let added = bytes(of: file, start..<stamp.byteCount)
    guard let end = added.lastIndex(of: UInt8(ascii: "\n")) else { return }
    let whole = added[...end]
    let header = columns.isEmpty ? "" : CSVTable(columns: columns).text
    let table = CSVTable(parsing: header + String(decoding: whole, as: UTF8.self))
    columns = table.columns
    rows += table.rows.map { row in row.map { field in Double(field).flatMap { $0.isFinite ? $0 : nil } } }
    metricsEnd = start + whole.count
    let row = whole.dropLast().lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? whole.startIndex
    lastRow = Array(whole[row...])
  }

  /// Returns the bytes of a range of a file; fewer where it has got shorter.
  private func bytes(of file: borrowing FileDescriptor, _ range: Range<Int>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    let isRead = bytes.withUnsafeMutableBytes { bytes in
      (try? file.fill(bytes, at: range.lowerBound)) != nil
    }
    return isRead ? bytes : []
  }

  private mutating func readSamples() -> Bool {
    let path = Folder.path(of: "samples", in: folder)
    let stamp = FileStamp(of: path)
    guard stamp != samplesStamp else { return false }
    samplesStamp = stamp
    let names = (try? Folder.names(in: path)) ?? []
    let found = names.compactMap { name -> Int? in
      guard name.hasPrefix("epoch_"), name.hasSuffix(".png") else { return nil }
      return Int(name.dropFirst(6).dropLast(4)).flatMap { $0 > 0 ? $0 : nil }
    }.sorted()
    guard found != samples else { return false }
    samples = found
    return true
  }

  private mutating func readEvents(limit: Int) -> Bool {
    guard let names = try? EventFileReader.names(in: folder) else { return false }
    var left = limit
    var isChanged = false
    for name in names where left > 0 {
      let path = Folder.path(of: name, in: folder)
      guard let stamp = FileStamp(of: path) else { continue }
      let index: Int
      if let known = readers.firstIndex(where: { $0.path == path }) {
        index = known
        // Read to its end, and not changed since.
        if readerStamps[path] == stamp { continue }
      } else {
        readers.append(EventFileReader(path: path))
        index = readers.count - 1
        series.beginFile()
      }
      let start = readers[index].offset
      guard let events = try? readers[index].readAdded(limit: left) else { continue }
      let isWhole = readers[index].isDamaged || stamp.byteCount - start <= left
      left -= readers[index].offset - start
      if isWhole { readerStamps[path] = stamp }
      if !events.isEmpty {
        series.add(events, batchSize: configuration?.options.batchSize ?? 1)
        isChanged = true
      }
      // The sessions of later files discard points of this one, which must be there before.
      if !isWhole { break }
    }
    return isChanged
  }

  private mutating func summarize(_ process: RunProcess?, own: Bool, _ progress: TrainingProgress?) {
    summary.problem = configurationProblem
    summary.process = process.map { Int($0.id) }
    summary.canStop = process?.isOwn ?? false
    summary.isOwn = own
    summary.epoch = lastInteger("epoch") ?? 0
    summary.step = max(0, series.latest?.step ?? 0, lastInteger("step") ?? 0)
    summary.updated = [
      series.latest.map { $0.time }, metricsStamp.map { Double($0.seconds) },
      configurationStamp.map { Double($0.seconds) },
    ]
    .compactMap(\.self).max()
    summary.started =
      series.curves.values.compactMap(\.times.first).min() ?? configurationStamp.map { Double($0.seconds) }
    summary.last = Dictionary(
      zip(columns, rows.last ?? []).compactMap { column, value in value.map { (column, $0) } },
      uniquingKeysWith: { first, _ in first })
    summary.best = bestEpoch
    summary.imagesPerSecond = series.recentSpeed ?? summary.last["images_per_second"]
    if let configuration {
      summary.model = configuration.model.kind.rawValue
      summary.width = configuration.model.width
      summary.imageSize = configuration.imageWidth
      summary.data = configuration.data.printable
      summary.device = configuration.device
      summary.epochs = configuration.epochs
      let steps = stepsInEpoch.flatMap { Self.product($0, configuration.epochs) }
      summary.steps = [steps, configuration.steps].compactMap(\.self).min()
    }
    summary.secondsLeft = nil
    if let progress, process != nil {
      summary.secondsLeft = progress.secondsLeft.isFinite ? progress.secondsLeft : nil
      if progress.imagesPerSecond > 0, progress.imagesPerSecond.isFinite {
        summary.imagesPerSecond = progress.imagesPerSecond
      }
      summary.steps = summary.steps ?? Self.product(progress.stepsInEpoch, progress.epochs)
      summary.step = max(summary.step, (progress.epoch - 1) * progress.stepsInEpoch + progress.step)
    } else if process != nil, let steps = summary.steps, let speed = summary.imagesPerSecond, speed > 0 {
      let images = max(0, Double(steps) - Double(summary.step)) * Double(configuration?.options.batchSize ?? 1)
      let seconds = images / speed
      summary.secondsLeft = seconds.isFinite ? seconds : nil
    }
    let isDone =
      (summary.epochs.map { summary.epoch >= $0 } ?? false)
      || (configuration?.steps.map { summary.step >= $0 && summary.epoch > 0 } ?? false)
    summary.state =
      process != nil ? .training : isDone ? .finished : summary.epoch == 0 && summary.step == 0 ? .empty : .stopped
  }

  /// Steps of an epoch, by the rows, or by the number of the images; nil where neither tells.
  private var stepsInEpoch: Int? {
    if summary.epoch > 0, let step = lastInteger("step") { return step / summary.epoch }
    guard let configuration, configuration.usedCrop == .center, let count = configuration.dataFingerprint?.imageCount,
      let split = try? configuration.split(count: count)
    else { return nil }
    return split.training.count / max(1, configuration.options.batchSize)
  }

  private func columnIndex(_ name: String) -> Int? { columns.firstIndex(of: name) }

  /// Returns the whole number in a column of the last row; nil where there is none.
  private func lastInteger(_ column: String) -> Int? {
    columnIndex(column).flatMap { rows.last?[$0] }.flatMap(Self.integer)
  }

  /// Returns a number without its fraction; nil beyond the largest integer, which a damaged file may state.
  private static func integer(_ value: Double) -> Int? { Int(exactly: value.rounded(.towardZero)) }

  /// Returns a product; nil beyond the largest integer.
  private static func product(_ first: Int, _ second: Int) -> Int? {
    let product = first.multipliedReportingOverflow(by: second)
    return product.overflow ? nil : product.partialValue
  }

  /// The epoch with the least validation error.
  private var bestEpoch: Int? {
    guard let error = columnIndex("validation_mse"), let epoch = columnIndex("epoch") else { return nil }
    let scored = rows.compactMap { row in
      row[error].flatMap { value in row[epoch].flatMap(Self.integer).map { (value, $0) } }
    }
    return scored.min { $0.0 < $1.0 }?.1
  }
}

extension RunProcess {
  /// This process.
  static var this: RunProcess { RunProcess(id: getpid(), isOwn: true) }

  private init(id: Int32, isOwn: Bool) {
    self.id = id
    self.isOwn = isOwn
  }
}

/// A run in the page's list.
struct RunSummary: Encodable, Equatable, Sendable {
  enum State: String, Encodable, Sendable {
    case training, finished, stopped, empty
  }

  let id: String
  let name: String
  let path: String
  var model: String?
  var width: Int?
  var imageSize: Int?
  var data: String?
  var device: String?
  var state = State.empty
  var process: Int?
  var canStop = false
  /// Whether the process that serves the page trains the run.
  var isOwn = false
  var epochs: Int?
  /// Epochs done.
  var epoch = 0
  var step = 0
  var steps: Int?
  var secondsLeft: Double?
  var imagesPerSecond: Double?
  /// Seconds since 1970.
  var started: Double?
  var updated: Double?
  /// The last row of `metrics.csv`.
  var last: [String: Double] = [:]
  /// The epoch with the least validation error.
  var best: Int?
  var problem: String?
}
