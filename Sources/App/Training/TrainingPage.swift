import Models
import Server

/// The page of a run, which the process that trains it serves meanwhile.
final class TrainingPage {
  private let service: PageService
  private let server: WebServer

  /// Serves the page and prints its address.
  /// - Parameter port: Nil for the usual one, or a free one where that is taken.
  /// - Throws: `WebServerError`, `OutputError`.
  init(_ run: TrainingRun, port: Int?) throws {
    let folder = run.directory.url.path
    let runs = RunWatcher([folder], own: folder)
    service = PageService(models: nil, runs: runs, threadCount: 1)
    service.start()
    do {
      server = try PageServer.start(service, host: "127.0.0.1", port: port)
    } catch {
      service.stop()
      throw error
    }
    let show = run.onProgress
    run.onProgress = { progress in
      show?(progress)
      runs.setProgress(progress)
    }
    try Console.output(line: server.address)
  }

  /// Ends the page.
  func stop() {
    server.stop()
    service.stop()
  }
}
