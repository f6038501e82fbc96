import Files
import Foundation
import Imaging
import Synchronization
import TensorBoard
import TestSupport
import Testing

@testable import App
@testable import Models
@testable import Server

/// The runs that the page shows.
@Suite("Page of runs", .serialized)
struct RunWatcherTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Trains a tiny run by the command.
  private func train(_ name: String, epochs: Int = 1, _ arguments: String...) throws {
    let result = try RecolorProcess(
      [
        "train", "unet", "--data", "scenes", "--width", "4", "--size", "16", "--train-images", "64", "--batch-size",
        "16",
        "--validation-images", "16", "--epochs", "\(epochs)", "--device", "cpu", "--out", "\(folder.path)/\(name)",
      ] + arguments
    ).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
  }

  @Test("Runs are found with their figures, curves and sheets, and what is added is read alone")
  func updates() throws {
    try train("deep/er/one", epochs: 2)
    try FileManager.default.createDirectory(atPath: folder.path + "/none", withIntermediateDirectories: true)
    let watcher = RunWatcher([folder.path])
    let changes = watcher.update()
    let summary = try #require(watcher.summaries.first)
    #expect(watcher.summaries.count == 1 && changes.isListChanged && changes.added.count == 1)
    #expect(summary.name == "one" && summary.state == .finished && summary.epoch == 2 && summary.epochs == 2)
    #expect(summary.step == 8 && summary.steps == 8 && summary.process == nil && summary.model == "unet")
    let run = try #require(watcher.run(summary.id))
    #expect(run.samples == [1, 2] && run.rows.count == 2 && run.columns.first == "epoch")
    let curve = try #require(run.series.curves["epoch/mse"])
    #expect(curve.steps == [4, 8] && run.rows.map { Float($0[3] ?? 0) } == Array(curve.values))
    #expect(changes.series[summary.id]?["epoch/mse"]?.from == 0)
    #expect(watcher.update().summaries.isEmpty)

    // One epoch more, as another process trains it.
    let more = try RecolorProcess(["train", "--resume", folder.path + "/deep/er/one", "--epochs", "3"]).wait()
    #expect(more.exitCode == 0, "\(more.errorOutput)")
    let next = watcher.update()
    #expect(next.summaries.first?.epoch == 3 && next.samples[summary.id] == [1, 2, 3])
    let piece = try #require(next.series[summary.id]?["epoch/mse"])
    #expect(piece.from == 2 && piece.steps == [12])
    #expect(watcher.run(summary.id)?.rows.count == 3)
  }

  @Test("Points that a resumed run repeats are replaced")
  func repeatedPoints() {
    var series = RunSeries()
    func point(_ step: Int, _ value: Float, _ time: Double) -> RecordedEvent {
      .point(tag: "train/loss", step: step, time: time, value: value)
    }
    series.add([.sessionStart(step: 1), point(16, 1, 10), point(32, 2, 12), point(48, 3, 14)], batchSize: 4)
    #expect(series.curves["train/loss"]?.values == [1, 2, 3])
    #expect(series.curves[RunSeries.speedTag]?.values == [32, 32])
    _ = series.takeChanges()
    series.beginFile()
    series.add([.sessionStart(step: 33), point(48, .nan, 30)], batchSize: 4)
    let change = series.takeChanges()
    #expect(series.curves["train/loss"]?.steps == [16, 32, 48])
    #expect(change["train/loss"]?.from == 2 && change["train/loss"]?.values == [nil])
    #expect(series.curves[RunSeries.speedTag]?.count == 1)
  }

  @Test("Event files are read one after the other, also in pieces")
  func eventFilesInPieces() throws {
    var name = ""
    for (session, steps) in [1...200, 150...250].enumerated() {
      let place = folder.path + "/session\(session)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      let file = EventFile(in: place, goingOnAt: steps.lowerBound)
      for step in steps { try file.write([("train/loss", Float(step))], step: step) }
      let written = try #require(try EventFileReader.names(in: place).first)
      // The later one is the later in the order of names.
      name += written
      try FileManager.default.copyItem(atPath: "\(place)/\(written)", toPath: "\(folder.path)/\(name)")
    }
    for limit in [100, 777, 1 << 20] {
      var run = WatchedRun(folder.path, shownAs: folder.path)
      var updateCount = 0
      for _ in 0..<400 where run.update(locks: "", own: false, eventLimit: limit).contains(.series) {
        updateCount += 1
      }
      #expect(run.series.curves["train/loss"].map { Array($0.steps) } == Array(1...250), "\(limit)")
      #expect(limit > 1000 || updateCount > 10)
    }
  }

  /// Makes the least of a run that is taken for one.
  private func makeRun(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path + "/checkpoints", withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: URL(filePath: path + "/config.json"))
  }

  @Test("Nobody waits while files are read: neither the thread that trains nor requests for the list")
  func readingBlocksNobody() throws {
    // 24 runs of some megabytes of events, which one update reads.
    let place = folder.path + "/events"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let events = EventFile(in: place, goingOnAt: 1)
    for step in 1...20_000 { try events.write([("train/mse", Float(step))], step: step) }
    let file = try #require(try EventFileReader.names(in: place).first)
    for number in 0..<24 {
      let run = "\(folder.path)/runs/\(number)"
      try makeRun(run)
      try FileManager.default.linkItem(atPath: "\(place)/\(file)", toPath: "\(run)/\(file)")
    }
    // Where others keep the processor busy, a thread is held up without a lock: the least of several tries counts.
    var share = Double.infinity
    for _ in 0..<5 where share > 0.25 {
      let watcher = RunWatcher([folder.path + "/runs"], own: folder.path + "/runs/0")
      let isDone = Mutex(false)
      let start = ContinuousClock.now
      let thread = try #require(
        WorkerThread {
          _ = watcher.update()
          isDone.withLock { $0 = true }
        })
      var longest = 0.0
      while !isDone.withLock({ $0 }) {
        let asked = ContinuousClock.now
        watcher.setProgress(nil)
        #expect([0, 24].contains(watcher.summaries.count) && watcher.run("none") == nil)
        longest = max(longest, asked.secondsUntilNow)
        usleep(100)
      }
      share = min(share, longest / start.secondsUntilNow)
      thread.join()
      #expect(watcher.summaries.count == 24 && watcher.summaries.allSatisfy { $0.step == 20_000 })
    }
    #expect(share <= 0.25, "\(share) of the time of an update was waited for")
  }

  @Test("One update reads a limited number of bytes; later ones read the rest")
  func limitedUpdates() throws {
    let events = EventFile(in: folder.path, goingOnAt: 1)
    for step in 1...300 { try events.write([("train/mse", Float(step))], step: step) }
    try makeRun(folder.path)
    let watcher = RunWatcher([folder.path], eventLimit: 4000)
    let first = watcher.update()
    let id = try #require(first.series.keys.first)
    let count = try #require(watcher.run(id)?.series.curves["train/mse"]?.count)
    #expect(count > 10 && count < 200)
    for _ in 0..<20 { _ = watcher.update() }
    #expect(watcher.run(id)?.series.curves["train/mse"].map { Array($0.steps) } == Array(1...300))
  }

  @Test("A stop goes to the process that holds the run's lock, and to no other that got its number")
  func stopOfAnotherProcess() throws {
    let sleeper = Process()
    sleeper.executableURL = URL(filePath: "/bin/sleep")
    sleeper.arguments = ["100"]
    try sleeper.run()
    let number = sleeper.processIdentifier
    defer { kill(number, SIGKILL) }
    try Data().write(to: URL(filePath: folder.path + "/.lock"))
    let status = try #require(Folder.status(of: folder.path + "/.lock"))
    let (major, minor) = RunProcess.numbers(of: UInt(status.st_dev))
    func locks(_ process: Int32) -> String {
      let device = [major, minor].map { String($0, radix: 16) }.joined(separator: ":")
      return "1: FLOCK  ADVISORY  WRITE \(process) \(device):\(status.st_ino) 0 EOF"
    }
    // Threads of tests block the signal, and so do the processes that they start: it waits there.
    func hasSignal() throws -> Bool {
      let status = try String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") })
      let pending = try #require(UInt(line.dropFirst("ShdPnd:".count).drop(while: \.isWhitespace), radix: 16))
      return pending & 1 << UInt(SIGTERM - 1) != 0
    }
    let process = try #require(RunProcess(trainingIn: folder.path, locks: locks(number)))
    #expect(process.id == number && process.isOwn)
    // The lock was released meanwhile, or taken by another process: this one has only the number.
    for text in ["", locks(number + 1)] {
      #expect(throws: RunError.self) { try process.stop(folder.path) { text } }
    }
    #expect(try !hasSignal())
    try process.stop(folder.path) { locks(number) }
    #expect(try hasSignal())
    kill(number, SIGKILL)
    sleeper.waitUntilExit()
    // Nobody has the number any more.
    #expect {
      try process.stop(folder.path) { locks(number) }
    } throws: { error in
      "\(error)".hasSuffix("process \(number) has ended")
    }
  }

  @Test("Numbers that are too large, or none, are those of a damaged run")
  func impossibleNumbers() throws {
    try Data("epoch,step,validation_mse,images_per_second\n1e300,-1e300,0.5,1e-320\n".utf8).write(
      to: URL(filePath: folder.path + "/metrics.csv"))
    var run = WatchedRun(folder.path, shownAs: folder.path)
    _ = run.update(locks: "", own: false, eventLimit: 1 << 20)
    #expect(run.summary.epoch == 0 && run.summary.step == 0 && run.summary.best == nil)
    var series = RunSeries()
    let times = [Double.nan, 1, 2, .infinity]
    let steps = [1, Int.min, Int.max, 5]
    series.add(
      zip(steps, times).map { .point(tag: "train/loss", step: $0, time: $1, value: 1) }, batchSize: .max)
    #expect(series.curves["train/loss"]?.steps == [Int.min, Int.max])
  }

  @Test("The process that holds a lock is the one of the same file")
  func locks() {
    let text = """
      1: POSIX  ADVISORY  WRITE 11 fe:00:77 0 EOF
      2: FLOCK  ADVISORY  READ  12 fe:00:77 0 EOF
      3: FLOCK  ADVISORY  WRITE 13 fe:01:77 0 EOF
      4: FLOCK  ADVISORY  WRITE 14 fe:00:77 0 EOF
      4: -> FLOCK  ADVISORY  WRITE 15 fe:00:77 0 EOF
      """
    #expect(RunProcess.holder(ofInode: 77, device: 0xFE00, locks: text) == 14)
    #expect(RunProcess.holder(ofInode: 77, device: 0xFE01, locks: text) == 13)
    #expect(RunProcess.holder(ofInode: 78, device: 0xFE00, locks: text) == nil)
    #expect(RunProcess.holder(ofInode: 77, device: 0xFE00, locks: "") == nil)
  }

  @Test("A run that trains is shown as such, stopped as by Ctrl-C, and saved as a file")
  func stop() throws {
    let path = folder.path + "/long"
    let training = try RecolorProcess([
      "train", "unet", "--data", "scenes", "--width", "4", "--size", "16", "--train-images", "64", "--batch-size", "16",
      "--epochs", "100000", "--device", "cpu", "--out", path,
    ])
    defer { training.send(signal: SIGKILL) }
    let service = PageService(models: nil, runs: RunWatcher([folder.path]), threadCount: 1)
    service.start()
    let server = try PageServer.start(service, host: "127.0.0.1", port: 0)
    defer {
      server.stop()
      service.stop()
    }
    let client = PageClient(port: server.port)
    var run: [String: Any] = [:]
    for _ in 0..<400 {
      run = ((try client.get("/api/runs").json["runs"]) as? [[String: Any]])?.first ?? [:]
      if run["state"] as? String == "training", (run["epoch"] as? Int ?? 0) > 1 { break }
      usleep(50_000)
    }
    let id = try #require(run["id"] as? String)
    #expect(run["canStop"] as? Bool == true && run["secondsLeft"] != nil, "\(run)")
    let details = try client.get("/api/runs/\(id)").json
    #expect((details["config"] as? [String: Any])?["epochs"] as? Int == 100_000)
    let series = try client.get("/api/runs/\(id)/series?tag=epoch%2Fmse").json["series"] as? [String: [String: Any]]
    #expect((series?["epoch/mse"]?["steps"] as? [Int])?.first == 4)
    #expect(try client.get("/api/runs/\(id)/samples/1").body.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    for bad in ["samples/0", "samples/99999999", "samples/..%2f..", "samples/1.png", "none", "series?from=-1"] {
      #expect([400, 404].contains(try client.get("/api/runs/\(id)/\(bad)").status), "\(bad)")
    }
    let report = try client.get("/api/runs/\(id)/report")
    let text = String(decoding: report.body, as: UTF8.self)
    #expect(report.head.contains("long.html") && text.contains("<!DOCTYPE html>") && text.contains("data:image/png"))
    #expect(!text.contains("src=\"http") && text.contains("validation"))
    #expect(try client.get("/api/report?run=\(id)&run=\(id)").status == 200)

    // Points come by events to the page that asked for them.
    let (events, session) = try client.openEvents()
    #expect(try client.post("/api/sessions/\(session)/watch", #"{"runs":["\#(id)"]}"#).status == 204)
    #expect(events.receive(until: "event: series").contains("event: series"))

    #expect(try client.post("/api/runs/\(id)/stop").status == 202)
    #expect(try training.wait().exitCode == 143)
    for _ in 0..<100 {
      run = (try client.get("/api/runs/\(id)").json["run"] as? [String: Any]) ?? [:]
      if run["state"] as? String == "stopped" { break }
      usleep(50_000)
    }
    #expect(run["state"] as? String == "stopped")
    #expect(try client.post("/api/runs/\(id)/stop").status == 409)
    #expect(try RunDirectory(opening: URL(filePath: path)).readConfiguration().epochs == 100_000)
  }

  @Test("train --serve shows the run, and its page goes with it")
  func trainServes() throws {
    let training = try RecolorProcess([
      "train", "unet", "--data", "scenes", "--width", "4", "--size", "16", "--train-images", "64", "--batch-size", "16",
      "--epochs", "100000", "--device", "cpu", "--out", folder.path + "/own", "--serve", "--port", "0",
    ])
    defer { training.send(signal: SIGKILL) }
    var port: Int?
    for _ in 0..<400 where port == nil {
      let line = try training.outputSoFar().split(separator: "\n").first { $0.hasPrefix("http://127.0.0.1:") }
      port = line.flatMap { Int($0.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }) }
      usleep(25_000)
    }
    let client = PageClient(port: try #require(port))
    let state = try client.get("/api/state").json
    let own = try #require(state["trains"] as? String)
    #expect(state["colors"] as? Bool == false && state["runs"] as? Bool == true)
    var run: [String: Any] = [:]
    for _ in 0..<200 {
      run = (try client.get("/api/runs/\(own)").json["run"] as? [String: Any]) ?? [:]
      if run["secondsLeft"] is Double { break }
      usleep(50_000)
    }
    #expect(
      run["isOwn"] as? Bool == true && run["state"] as? String == "training" && run["secondsLeft"] is Double, "\(run)")
    #expect(try client.post("/api/photographs?session=x&name=a", "a").status == 404)
    #expect(try client.post("/api/runs/\(own)/stop").status == 202)
    let result = try training.wait()
    #expect(result.exitCode == 143 && result.errorOutput.contains("stopped and saved"), "\(result.errorOutput)")
    #expect(throws: (any Error).self) { try RawClient(port: client.port) }
  }
}
