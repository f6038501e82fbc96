import CPUKernels
import Files
import Imaging
import Models
import Server
import Synchronization

/// The answers to the requests of the page of `recolor serve`: docs/page.md tells what it is for. The routes are in the
/// extensions.
final class PageService: Sendable {
  /// The limits of the pages' requests.
  struct Limits: Sendable {
    /// Bytes of a picture's file.
    var uploadByteCount = 256 << 20
    /// Pixels of a picture.
    var pixelCount = 100_000_000
    /// Uploads at a time.
    var uploadCount = 24
    var sessions = PageSessions.Limits()
    /// Jobs that wait.
    var jobCount = 64
    /// Bytes for the pictures that are worked on at a time.
    var memory = min(PictureSchedule.usualMemory, 512 << 20)
    /// Pixels that the network may see of a picture.
    var workingPixelCount = 1 << 20
    /// Files that are written and not taken yet, and their bytes: the largest has 800 MB.
    var downloadCount = 64
    var downloadByteCount = 2 << 30
    /// Those of one page, so that no page has all.
    var pageDownloadCount: Int { max(1, downloadCount / 4) }
  }

  let limits: Limits
  /// Nil where the page only shows runs.
  let models: ServedModels?
  let runs: RunWatcher
  let queue: ColoringQueue
  let sessions: PageSessions
  let archives = PageArchives()
  let downloads: FileBudget
  private let files = PageFiles()
  /// The uploads that are under way, and the bytes that they will have.
  let uploads = Mutex((count: 0, byteCount: 0))
  private let clock = Mutex<WorkerThread?>(nil)
  private let isStopped = Mutex(false)

  /// - Parameters:
  ///   - models: The models that color; nil for a page that only shows runs.
  ///   - threadCount: Threads that work on pictures.
  init(
    models: ServedModels?, runs: RunWatcher, limits: Limits = Limits(),
    threadCount: Int = ThreadPool.defaultWorkerCount
  ) {
    self.models = models
    self.runs = runs
    self.limits = limits
    queue = ColoringQueue(limit: limits.jobCount, threadCount: threadCount, memory: limits.memory)
    sessions = PageSessions(limits: limits.sessions)
    downloads = FileBudget(
      countLimit: limits.downloadCount, ownerCountLimit: limits.pageDownloadCount, byteLimit: limits.downloadByteCount)
  }

  /// Starts the threads.
  func start() {
    queue.start()
    clock.withLock { $0 = WorkerThread { self.tick() } }
  }

  /// Ends the threads.
  func stop() {
    isStopped.withLock { $0 = true }
    for session in sessions.all { session.events.finish() }
    queue.stop()
    let thread = clock.withLock { thread in
      defer { thread = nil }
      return thread
    }
    thread?.join()
  }

  /// Looks at the runs twice a second, forgets closed pages, and shows those that are open that the server is there.
  private func tick() {
    var count = 0
    let pause = CountingSemaphore()
    while !isStopped.withLock({ $0 }) {
      sendChanges(of: runs.update())
      for photograph in sessions.forgetClosed() { forget(photograph) }
      archives.forgetOld()
      if count.isMultiple(of: 20) { for session in sessions.all { session.events.ping() } }
      count += 1
      pause.wait(seconds: 0.5)
    }
  }

  /// Answers a request.
  func answer(_ request: WebRequest) async throws -> WebResponse {
    do {
      return try await route(request)
    } catch let busy as ServerBusy {
      throw WebError.busy("the server has too much to do; try again soon", retryAfter: busy.seconds)
    } catch is FileBudget.NoRoom {
      throw WebError.busy(
        "files that were asked for are not taken yet; take them, or try again soon", retryAfter: queue.secondsUntilRoom)
    } catch let error as ImageError {
      throw WebError(error)
    } catch let error as FileError {
      throw WebError(error)
    } catch let error as RunError {
      throw WebError(.conflict, error.description.printable)
    }
  }

  private func route(_ request: WebRequest) async throws -> WebResponse {
    let path = request.path
    switch (path.first, path.dropFirst().first) {
    case (nil, _) where request.isRead: return try files.response(to: request, name: PageFiles.index)
    case ("assets", let name?) where request.isRead && path.count == 2:
      return try files.response(to: request, name: name)
    case ("favicon.ico", nil) where request.isRead: return try files.response(to: request, name: "icon.svg")
    case ("api", "state") where request.isRead && path.count == 2: return try WebResponse(json: pageState)
    case ("api", "events") where request.isRead && path.count == 2: return try events(request)
    case ("api", "sessions") where path.count == 4: return try await sessionRequest(request, path[2], path[3])
    case ("api", "photographs"): return try await photographsRequest(request, Array(path.dropFirst(2)))
    case ("api", "archives"): return try await archivesRequest(request, Array(path.dropFirst(2)))
    case ("api", "runs"): return try await runsRequest(request, Array(path.dropFirst(2)))
    case ("api", "report") where request.isRead && path.count == 2:
      return try await report(request.values(of: "run"))
    default: throw WebError.notFound()
    }
  }

  // MARK: The state

  struct PageState: Encodable, Sendable {
    struct Format: Encodable, Sendable {
      let id: String
      let name: String
      let `extension`: String
      let hasQuality: Bool
    }

    struct Limits: Encodable, Sendable {
      let uploadBytes: Int
      let pixels: Int
      let photographs: Int
      let displaySize: Int
      let hints: Int
    }

    let version: String
    let device: String?
    let deviceDescription: String?
    let models: [ServedModel]
    let workingSizes: [Int]
    let strengths: [Float]
    let contrasts: [Float]
    let formats: [Format]
    let quality: Int
    let limits: Limits
    let accepts: String
    let colors: Bool
    let runs: Bool
    let places: [String]
    let trains: String?
  }

  var pageState: PageState {
    PageState(
      version: RecolorVersion.current, device: models?.device, deviceDescription: models?.deviceDescription.printable,
      models: models?.all ?? [],
      workingSizes: [ColoringSettings.workingSizes.lowerBound, largestWorkingSize],
      strengths: [ColoringSettings.strengths.lowerBound, ColoringSettings.strengths.upperBound],
      contrasts: [ColoringSettings.contrasts.lowerBound, ColoringSettings.contrasts.upperBound],
      formats: ImageFormat.writable.map {
        .init(id: $0.rawValue, name: $0.name, extension: $0.writtenFileExtensions.first ?? "", hasQuality: $0.isLossy)
      },
      quality: ImageFormat.defaultQuality,
      limits: .init(
        uploadBytes: limits.uploadByteCount, pixels: limits.pixelCount,
        photographs: limits.sessions.photographCount, displaySize: PagePhotograph.displaySize,
        hints: HintOptions.countLimit),
      accepts: ImageFormat.readEndings.map { ".\($0)" }.joined(separator: ","), colors: models != nil,
      runs: runs.isAsked, places: runs.places.map(\.printable), trains: runs.ownRun)
  }

  // MARK: Events and sessions

  private struct Hello: Encodable {
    let session: String
  }

  private func events(_ request: WebRequest) throws -> WebResponse {
    let session = try sessions.open(request["session"])
    return WebResponse { writer in
      self.sessions.connect(session)
      defer { self.sessions.disconnect(session) }
      try await session.events.write(to: &writer) {
        session.events.send("hello", Hello(session: session.id))
        self.sendRuns(to: session)
        self.sendPhotographs(to: session)
      }
    }
  }

  private func sessionRequest(_ request: WebRequest, _ id: String, _ action: String) async throws -> WebResponse {
    guard request.method == .post else { throw WebError(.method, "this address is posted to") }
    guard let session = sessions[id] else { throw Self.forgotten }
    switch action {
    case "close":
      sessions.bidFarewell(session)
      return .noContent
    case "watch":
      struct Wish: Decodable {
        let runs: [String]
      }
      let wish = try await decoded(Wish.self, of: request)
      guard wish.runs.count <= RunWatcher.runLimit else { throw WebError.badRequest("too many runs") }
      session.state.withLock { $0.watched = Set(wish.runs) }
      return .noContent
    default: throw WebError.notFound()
    }
  }

  static let forgotten = WebError(.notFound, "the page was forgotten, with its photographs; open it anew")

  /// Returns the page that a request is of.
  func session(of request: WebRequest) throws(WebError) -> PageSessions.Session {
    guard let id = request["session"] else { throw .badRequest("the address lacks the session") }
    guard let session = sessions[id] else { throw Self.forgotten }
    return session
  }
}
