import Files
import Imaging
import Models
import Server

/// The pictures of a photograph: as it was, colored, small and large.
extension PageService {
  /// The strength and the contrast that a request asks for.
  struct Look: Sendable {
    let strength: Float
    let contrast: Float

    init(_ request: WebRequest, of model: ServedModel) throws(WebError) {
      strength = try Self.number(request["strength"], in: ColoringSettings.strengths, "strength") ?? model.strength
      contrast = try Self.number(request["contrast"], in: ColoringSettings.contrasts, "contrast") ?? model.contrast
    }

    init(strength: Float?, contrast: Float?, of model: ServedModel) throws(WebError) {
      self.strength = try Self.within(strength, ColoringSettings.strengths, "strength") ?? model.strength
      self.contrast = try Self.within(contrast, ColoringSettings.contrasts, "contrast") ?? model.contrast
    }

    private static func number(
      _ text: String?, in range: ClosedRange<Float>, _ name: String
    ) throws(WebError) -> Float? {
      guard let text, !text.isEmpty else { return nil }
      guard let value = Float(text) else { throw .badRequest("the \(name) is no number") }
      return try within(value, range, name)
    }

    private static func within(
      _ value: Float?, _ range: ClosedRange<Float>, _ name: String
    ) throws(WebError) -> Float? {
      guard let value else { return nil }
      guard range.contains(value) else {
        throw .badRequest("the \(name) must be from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
      }
      return value
    }
  }

  /// How a colored file is written.
  struct FileForm: Sendable {
    let format: ImageFormat
    let quality: Int

    init(format: String?, quality: Int?) throws(WebError) {
      guard let format = ImageFormat.writable.first(where: { $0.rawValue == format ?? "png" }) else {
        throw .badRequest("the format is none that is written")
      }
      guard (1...100).contains(quality ?? ImageFormat.defaultQuality) else {
        throw .badRequest("the quality must be from 1 to 100")
      }
      self.format = format
      self.quality = quality ?? ImageFormat.defaultQuality
    }
  }

  /// Returns what is known of the colors of a photograph, and the model that they are of.
  /// - Throws: `WebError` until it is colored.
  static func prediction(of photograph: PagePhotograph) throws(WebError) -> (StoredPrediction, ServedModel) {
    let (prediction, model) = photograph.state.withLock { ($0.prediction, $0.model) }
    guard let prediction else { throw WebError(.conflict, "the photograph is not colored yet") }
    return (prediction, model)
  }

  /// Returns the display copy of a photograph.
  /// - Throws: `WebError` until it is read.
  static func displayImage(of photograph: PagePhotograph) throws -> RGBImage {
    guard let image = try photograph.displayImage() else {
      throw WebError(.conflict, "the photograph is not read yet")
    }
    return image
  }

  func original(_ request: WebRequest, _ photograph: PagePhotograph) async throws -> WebResponse {
    guard request["size"] == "full" else {
      let bytes = try await queue.perform(for: request.connection, isQuick: true) { _ in
        try Self.jpeg(Self.displayImage(of: photograph), name: photograph.name)
      }
      return WebResponse(bytes, type: "image/jpeg")
    }
    let (client, limit) = (request.connection, limits.pixelCount)
    let file = try await download(of: photograph, for: client) { file, memory in
      let image = try photograph.photograph(memory, pixelLimit: limit).rgbImage
      try Self.goOn(for: client)
      try image.write(to: file, as: .jpeg, name: photograph.name)
    }
    return Self.response(file, type: "image/jpeg")
  }

  func preview(_ request: WebRequest, _ photograph: PagePhotograph) async throws -> WebResponse {
    let (stored, model) = try Self.prediction(of: photograph)
    let look = try Look(request, of: model)
    let bytes = try await queue.perform(for: request.connection, isQuick: true) { _ in
      let (prediction, field) = try stored.load()
      let display = try Photograph(Self.displayImage(of: photograph), name: photograph.name)
      let colored = prediction.colored(display, strength: look.strength, contrast: look.contrast, hints: field)
      return try Self.jpeg(colored.rgbImage, name: photograph.name)
    }
    return WebResponse(bytes, type: "image/jpeg")
  }

  /// The numbers from which the page computes the colors of any strength and contrast.
  func chroma(_ photograph: PagePhotograph) throws -> WebResponse {
    Self.response(try Self.prediction(of: photograph).0.file, type: "application/octet-stream")
  }

  func colored(_ request: WebRequest, _ photograph: PagePhotograph) async throws -> WebResponse {
    let (_, model) = try Self.prediction(of: photograph)
    let look = try Look(request, of: model)
    let quality = request["quality"]
    guard quality == nil || quality.flatMap(Int.init) != nil else {
      throw WebError.badRequest("the quality is no number")
    }
    let form = try FileForm(format: request["format"], quality: quality.flatMap(Int.init))
    let file = try await coloredFile(of: photograph, look, form, for: request.connection)
    let response = Self.response(file, type: form.format.mediaType)
    return request["save"] == "1" ? response.saved(as: Self.savedName(photograph.name, form.format)) : response
  }

  /// Returns the file that `recolor colorize` writes of a photograph with these settings, without another run of the
  /// network.
  func coloredFile(
    of photograph: PagePhotograph, _ look: Look, _ form: FileForm, for client: ClientConnection
  ) async throws -> PrivateFile {
    let (stored, _) = try Self.prediction(of: photograph)
    let limit = limits.pixelCount
    return try await download(of: photograph, for: client) { file, memory in
      let pixels = try photograph.photograph(
        memory, pixelLimit: limit, writtenAs: form.format, quality: form.quality)
      try Self.goOn(for: client)
      let (prediction, field) = try stored.load()
      try prediction.colored(pixels, strength: look.strength, contrast: look.contrast, hints: field).write(
        to: file, as: form.format, quality: form.quality,
        compression: PictureColoring.compression(
          level: Compression.standardLevel, memory: PictureSchedule.usualMemory), name: photograph.name)
    }
  }

  /// Writes a file of a photograph for a client, on a thread of the queue. Its room is taken before it waits there.
  /// - Throws: `FileBudget.NoRoom` where clients have too much that they have not taken yet.
  private func download(
    of photograph: PagePhotograph, for client: ClientConnection,
    _ write: @escaping @Sendable (PrivateFile, ColoringQueue.Memory) throws -> Void
  ) async throws -> PrivateFile {
    let estimate = photograph.state.withLock { $0.pixelByteCount }
    let part = try downloads.part(for: photograph.session, byteCount: estimate)
    return try await queue.perform(for: client) { memory in
      let file = try PrivateFile(part)
      do {
        try write(file, memory)
      } catch {
        // The encoders know no other error of an output than one of files.
        throw part.lacksRoom ? FileBudget.NoRoom() : error
      }
      part.settle(file.byteCount)
      return file
    }
  }

  /// Ends the work for a client that is gone.
  static func goOn(for client: ClientConnection) throws {
    if client.isClosed { throw CancellationError() }
  }

  /// Returns the name of a colored picture: `old-colored.png` for `old.jpg`.
  static func savedName(_ name: String, _ format: ImageFormat) -> String {
    Folder.name(of: ColoredPath.picture(beside: name, as: format))
  }

  private static func jpeg(_ image: RGBImage, name: String) throws -> [UInt8] {
    let output = MemoryOutput()
    try image.write(to: output, as: .jpeg, name: name)
    return output.bytes
  }

  private static func response(_ file: PrivateFile, type: String) -> WebResponse {
    WebResponse(type: type, length: file.byteCount) { writer in
      for part in file.parts { try await writer.write(file.bytes(in: part)) }
    }
  }
}

extension ImageFormat {
  /// The format's name in HTTP.
  var mediaType: String { "image/\(rawValue)" }
}

extension WebError {
  /// Creates the error of a file of the server.
  init(_ error: FileError) {
    let isForNow = error.isShortage || error.isFullDisk
    self =
      isForNow
      ? .busy("there is no room now: \(error.description.printable)", retryAfter: 10)
      : WebError(.failed, error.description.printable)
  }

  /// Creates the error of a client's picture.
  init(_ error: ImageError) {
    if case .file(let error) = error {
      self.init(error)
      return
    }
    let kind: Kind =
      switch error {
      case .unknownFormat, .unreadFormat, .lacksLibrary, .damaged, .incomplete, .badSize: .unsupported
      case .tooLarge: .tooLarge
      case .notEncoded: .badRequest
      case .file, .noMemory: .failed
      }
    self.init(kind, error.description.printable)
  }
}
