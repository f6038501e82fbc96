import Files
import FoundationEssentials
import Imaging
import Models
import Runtime
import Server

/// The requests about photographs: their files, their colors, and what is made of them.
extension PageService {
  /// Bytes of the body of a request in JSON.
  private static let bodyLimit = 1 << 18

  func decoded<Value: Decodable>(_ type: Value.Type, of request: WebRequest) async throws -> Value {
    let bytes = try await request.body(limit: Self.bodyLimit)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw WebError.badRequest("the body is not the JSON that this address takes")
    }
  }

  func photographsRequest(_ request: WebRequest, _ path: [String]) async throws -> WebResponse {
    let session = try session(of: request)
    guard let id = path.first else {
      switch request.method {
      case .get, .head: return try WebResponse(json: ["photographs": reports(of: session)])
      case .post: return try await upload(request, session)
      case .delete: throw WebError(.method, "photographs are removed one by one")
      }
    }
    let photograph = session.state.withLock { $0.photographs.first { $0.id == id } }
    guard let photograph else { throw WebError.notFound("the photograph is not there; it was removed") }
    switch (path.dropFirst().first, path.count) {
    case (nil, _) where request.method == .delete:
      remove(photograph, from: session)
      return .noContent
    case (nil, _) where request.isRead: return try WebResponse(json: report(photograph))
    case ("color", 2) where request.method == .post: return try await color(request, photograph, session)
    case ("original", 2) where request.isRead: return try await original(request, photograph)
    case ("colored", 2) where request.isRead: return try await colored(request, photograph)
    case ("preview", 2) where request.isRead: return try await preview(request, photograph)
    case ("chroma", 2) where request.isRead: return try chroma(photograph)
    default: throw WebError.notFound()
    }
  }

  // MARK: Uploads

  private func upload(_ request: WebRequest, _ session: PageSessions.Session) async throws -> WebResponse {
    guard let models else { throw WebError.notFound("this page only shows runs") }
    guard let model = models.model(request["model"]) else { throw WebError.notFound("there is no such model") }
    let workingSize = try Self.workingSize(request["workingSize"])
    guard request.bodyLength <= limits.uploadByteCount else {
      throw WebError(
        .tooLarge,
        "the file has \(Format.bytes(request.bodyLength)); at most \(Format.bytes(limits.uploadByteCount)) are taken")
    }
    guard request.bodyLength > 0 else { throw WebError.badRequest("the file is empty") }
    guard session.state.withLock({ $0.photographs.count < limits.sessions.photographCount }) else {
      throw WebError(.conflict, "\(limits.sessions.photographCount) photographs are open; remove some of them first")
    }
    let length = request.bodyLength
    let underWay = uploads.withLock { uploads -> (count: Int, byteCount: Int)? in
      guard uploads.count < limits.uploadCount else { return nil }
      uploads.count += 1
      uploads.byteCount += length
      return uploads
    }
    guard let underWay else { throw ServerBusy(seconds: 2) }
    defer {
      uploads.withLock { uploads in
        uploads.count -= 1
        uploads.byteCount -= length
      }
    }
    if let workingSize { try checkWorkingSize(workingSize, size: nil) }
    let added = PagePhotograph.addedByteCount(workingSize: workingSize ?? model.workingSize)
    guard queue.hasRoom,
      sessions.hasRoom(for: underWay.byteCount + underWay.count * added, count: underWay.count)
    else { throw queue.busy }
    let name = Self.name(request["name"])
    let file = try PrivateFile()
    // The first bytes decide whether the rest is worth taking.
    var head: [UInt8] = []
    var format: ImageFormat?
    try await request.readBody(limit: limits.uploadByteCount) { part in
      if format == nil {
        head.append(contentsOf: part.prefix(Self.headByteCount - head.count))
        if head.count >= min(Self.headByteCount, request.bodyLength) {
          format = try Photograph.format(ofFirstBytes: head, named: name)
        }
      }
      try file.append(part)
    }
    guard let format else { throw WebError.badRequest("the file is empty") }
    let photograph = PagePhotograph(
      id: String(WebServer.randomToken().prefix(16)), session: session.id, name: name, format: format, file: file,
      model: model, workingSize: workingSize)
    let isKept = session.state.withLock { state in
      guard state.photographs.count < limits.sessions.photographCount else { return false }
      state.photographs.append(photograph)
      return true
    }
    guard isKept, enqueue(photograph, of: session) else {
      session.state.withLock { $0.photographs.removeAll { $0 === photograph } }
      throw queue.busy
    }
    return try WebResponse(json: report(photograph), status: .accepted)
  }

  /// Bytes that tell the format of a file.
  private static let headByteCount = 512

  /// Returns a client's name for people and for files to save: its last part, on one line, of limited length.
  private static func name(_ given: String?) -> String {
    let last = (given ?? "").split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? "photograph"
    return String(last.prefix(200)).printable
  }

  private static func workingSize(_ text: String?) throws(WebError) -> Int? {
    guard let text, !text.isEmpty else { return nil }
    guard let size = Int(text), ColoringSettings.workingSizes.contains(size) else { throw impossibleSize }
    return size
  }

  private static let impossibleSize = WebError.badRequest(
    "the working size must be from \(ColoringSettings.workingSizes.lowerBound) to "
      + "\(ColoringSettings.workingSizes.upperBound)")

  /// The largest working size that a page may ask for: of a square picture the network then sees all pixels that it
  /// may.
  var largestWorkingSize: Int {
    min(ColoringSettings.workingSizes.upperBound, Int(Double(limits.workingPixelCount).squareRoot()))
  }

  /// Checks that the network does not see more pixels than it may.
  /// - Parameter size: The photograph's width and height; nil where they are not known yet.
  /// - Throws: `WebError.tooLarge`.
  private func checkWorkingSize(_ workingSize: Int, size: (width: Int, height: Int)?) throws(WebError) {
    let isSmallEnough =
      size.map { StoredPrediction.pixelCount(size: $0, workingSize: workingSize) <= limits.workingPixelCount }
      ?? (workingSize <= largestWorkingSize)
    guard isSmallEnough else {
      throw WebError(
        .tooLarge,
        "at the working size \(workingSize) the model sees more than \(Format.count(limits.workingPixelCount)) pixels "
          + "of the photograph; choose a smaller one")
    }
  }

  // MARK: Coloring

  /// Adds a photograph to the queue. Returns false where that is full; its stage then stays.
  private func enqueue(_ photograph: PagePhotograph, of session: PageSessions.Session) -> Bool {
    let earlier = photograph.state.withLock { state in
      defer { (state.stage, state.error) = (.waiting, nil) }
      return (state.stage, state.error)
    }
    let job = queue.add { memory in self.predict(photograph, session, memory) }
    guard let job else {
      photograph.state.withLock { ($0.stage, $0.error) = earlier }
      return false
    }
    photograph.state.withLock { state in if state.stage == .waiting { state.job = job } }
    notify(photograph, session)
    return true
  }

  /// Reads a photograph and predicts its colors, on a thread of the queue.
  private func predict(
    _ photograph: PagePhotograph, _ session: PageSessions.Session, _ memory: ColoringQueue.Memory
  ) {
    guard let models, !photograph.state.withLock({ $0.isGone }) else { return }
    let start = ContinuousClock.now
    setStage(.reading, of: photograph, session)
    notifyWaiting()
    do {
      let pixels = try photograph.photograph(memory, pixelLimit: limits.pixelCount)
      let size = PagePhotograph.displaySize(width: pixels.width, height: pixels.height)
      let isNew = photograph.state.withLock { $0.display == nil }
      if isNew {
        let image = pixels.resized(width: size.width, height: size.height)
        try image.bytes.withUnsafeBytes { try photograph.file.append($0) }
      }
      let (model, workingSize, number) = photograph.state.withLock { state in
        state.note(pixels, display: size)
        state.stage = .coloring
        state.begun += 1
        return (state.model, state.workingSize ?? state.model.workingSize, state.begun)
      }
      notify(photograph, session)
      try checkWorkingSize(workingSize, size: (pixels.width, pixels.height))
      let prediction = try models.predict(pixels, by: model, workingSize: workingSize)
      var isKept = false
      while !isKept {
        let hints = photograph.state.withLock { $0.hints }
        let stored = try StoredPrediction(prediction, prediction.field(of: hints))
        isKept = photograph.state.withLock { state in
          // One that was begun later, by another model, may be done before; and hints may have changed meanwhile.
          guard number > state.kept else { return true }
          guard state.hints == hints else { return false }
          state.kept = number
          state.prediction = stored
          state.predictedHints = hints
          state.stage = .done
          state.job = nil
          state.revision += 1
          state.seconds = start.secondsUntilNow
          return true
        }
      }
    } catch {
      photograph.state.withLock { state in
        state.stage = .failed
        state.job = nil
        state.error = Self.line(error)
      }
    }
    notify(photograph, session)
  }

  /// Returns an error as one line for people.
  private static func line(_ error: any Error) -> String {
    let text =
      switch error {
      case ImageError.tooLarge(let path, let width, let height, let limit):
        "\(path): \(width)×\(height) pixels are more than the \(Format.count(limit)) that the page takes"
      default: String(describing: error)
      }
    return text.printable
  }

  private func setStage(_ stage: PagePhotograph.Stage, of photograph: PagePhotograph, _ session: PageSessions.Session) {
    photograph.state.withLock { state in
      state.stage = stage
      state.job = nil
    }
    notify(photograph, session)
  }

  private struct Wish: Decodable {
    let model: String?
    let workingSize: Int??
    let hints: [PagePhotograph.Hint]?

    private enum CodingKeys: String, CodingKey {
      case model, workingSize, hints
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      model = try container.decodeIfPresent(String.self, forKey: .model)
      workingSize =
        container.contains(.workingSize)
        ? .some(try container.decodeIfPresent(Int.self, forKey: .workingSize)) : .none
      hints = try container.decodeIfPresent([PagePhotograph.Hint].self, forKey: .hints)
    }
  }

  private func color(
    _ request: WebRequest, _ photograph: PagePhotograph, _ session: PageSessions.Session
  ) async throws -> WebResponse {
    let wish = try await decoded(Wish.self, of: request)
    guard let models else { throw WebError.notFound() }
    var hints: [ColorHint]?
    if let given = wish.hints {
      let size = photograph.state.withLock { $0.size }
      hints = given.compactMap(\.hint).filter { hint in
        hint.x >= 0 && hint.y >= 0 && (size.map { hint.x < $0.width && hint.y < $0.height } ?? true)
      }
      guard hints?.count == given.count, given.count <= HintOptions.countLimit else {
        throw WebError.badRequest("a hint is outside the photograph, or its color is none, or there are too many")
      }
    }
    if case .some(.some(let size)) = wish.workingSize, !ColoringSettings.workingSizes.contains(size) {
      throw Self.impossibleSize
    }
    let model = try wish.model.map { id throws(WebError) in
      guard let model = models.model(id) else { throw .notFound("there is no such model") }
      return model
    }
    try checkRoom(for: photograph, by: model, workingSize: wish.workingSize)
    let (earlier, number, needsNetwork) = photograph.state.withLock { state in
      let earlier = (state.model, state.workingSize, state.hints)
      state.wishCount += 1
      let before = (state.model.id, state.workingSize ?? state.model.workingSize)
      if let model { state.model = model }
      if case .some(let size) = wish.workingSize { state.workingSize = size }
      if let hints { state.hints = hints }
      let isOther = before != (state.model.id, state.workingSize ?? state.model.workingSize)
      return (earlier, state.wishCount, isOther || state.prediction == nil)
    }
    do {
      if needsNetwork {
        guard enqueue(photograph, of: session) else { throw queue.busy }
        return try WebResponse(json: report(photograph), status: .accepted)
      }
      try await spreadHints(over: photograph, for: request.connection)
    } catch {
      // A client that tries again must not be told that the colors, still those before, are the wished ones.
      photograph.state.withLock { state in
        guard state.wishCount == number else { return }
        (state.model, state.workingSize, state.hints) = earlier
        // The hints before may be those of a request that failed as well. A prediction under way takes them.
        if state.stage == .done { state.hints = state.predictedHints }
      }
      throw error
    }
    notify(photograph, session)
    return try WebResponse(json: report(photograph))
  }

  /// Checks that a photograph's colors may be computed by a model, or at a working size, that are wished; nil for those
  /// that it has.
  /// - Throws: `WebError.tooLarge`; `ServerBusy` where there is no room for the colors.
  private func checkRoom(
    for photograph: PagePhotograph, by model: ServedModel?, workingSize: Int??
  ) throws {
    let (current, size) = photograph.state.withLock { (($0.model, $0.workingSize), $0.size) }
    let model = model ?? current.0
    let workingSize = workingSize ?? current.1
    // Of a photograph that is not read yet, the model's own size may be right.
    if size != nil || workingSize != nil { try checkWorkingSize(workingSize ?? model.workingSize, size: size) }
    let more = photograph.byteCount(by: model, workingSize: workingSize) - photograph.byteCount
    guard more <= 0 || sessions.hasRoom(for: more, count: 0) else { throw queue.busy }
  }

  /// Spreads the hints of a photograph over its prediction, on a thread of the queue.
  private func spreadHints(over photograph: PagePhotograph, for client: ClientConnection) async throws {
    try await queue.perform(for: client, isQuick: true) { _ in
      var isKept = false
      while !isKept {
        let (stored, hints, number) = photograph.state.withLock { ($0.prediction, $0.hints, $0.kept) }
        let prediction = try stored?.load().0
        let hinted = try prediction.map { try StoredPrediction($0, $0.field(of: hints)) }
        isKept = photograph.state.withLock { state in
          // A prediction may have been replaced meanwhile, and the hints by those of a later request.
          guard state.kept == number, state.hints == hints else { return false }
          state.prediction = hinted
          state.predictedHints = hints
          state.revision += 1
          return true
        }
      }
    }
  }

  /// Drops the work on a photograph that was removed, or whose page is closed.
  func forget(_ photograph: PagePhotograph) {
    let job = photograph.state.withLock { state in
      state.isGone = true
      return state.job
    }
    if let job { queue.drop(job) }
  }

  private func remove(_ photograph: PagePhotograph, from session: PageSessions.Session) {
    struct Gone: Encodable {
      let id: String
      let state = "gone"
    }
    forget(photograph)
    session.state.withLock { $0.photographs.removeAll { $0 === photograph } }
    session.events.send("photograph", Gone(id: photograph.id), key: photograph.id)
  }

  // MARK: Reports

  private func report(_ photograph: PagePhotograph) -> PagePhotograph.Report {
    let job = photograph.state.withLock { $0.job }
    let position = job.flatMap { job in queue.waiting.firstIndex(of: job).map { $0 + 1 } }
    return photograph.report(position: position)
  }

  private func reports(of session: PageSessions.Session) -> [PagePhotograph.Report] {
    session.state.withLock { $0.photographs }.map { report($0) }
  }

  /// Tells a page of its photographs: of what happened while its events were interrupted, it knows nothing.
  func sendPhotographs(to session: PageSessions.Session) {
    for report in reports(of: session) { session.events.send("photograph", report, key: report.id) }
  }

  private func notify(_ photograph: PagePhotograph, _ session: PageSessions.Session) {
    guard !photograph.state.withLock({ $0.isGone }) else { return }
    session.events.send("photograph", report(photograph), key: photograph.id)
  }

  /// Tells those that wait their new places.
  private func notifyWaiting() {
    for session in sessions.all {
      for photograph in session.state.withLock({ $0.photographs })
      where photograph.state.withLock({ $0.job != nil }) {
        notify(photograph, session)
      }
    }
  }
}
