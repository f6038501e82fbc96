import Files
import Imaging
import Models
import Synchronization

/// A photograph of a page: its file, and what is known of its colors. Neither the pixels nor the colors are kept in
/// memory: they are decoded and read again where they are needed.
final class PagePhotograph: Sendable {
  enum Stage: String, Encodable, Sendable {
    case waiting, reading, coloring, done, failed
  }

  /// The part that changes.
  struct State: Sendable {
    var stage = Stage.waiting
    /// The number of the job that it waits for.
    var job: Int?
    var error: String?
    var remarks: [String] = []
    var size: (width: Int, height: Int)?
    /// Bytes of the colored pixels at full size, which a written file has at most about; 0 until the file was read.
    var pixelByteCount = 0
    var model: ServedModel
    /// The number of requests for other colors so far.
    var wishCount = 0
    /// As asked for; nil is the model's.
    var workingSize: Int?
    var hints: [ColorHint] = []
    var prediction: StoredPrediction?
    /// The hints whose colors the prediction has.
    var predictedHints: [ColorHint] = []
    /// The numbers of the last prediction that was begun, and of that which is kept.
    var begun = 0
    var kept = 0
    /// The size of the display copy, whose pixels follow the file's bytes in `file`.
    var display: (width: Int, height: Int)?
    var revision = 0
    var seconds: Double?
    var isGone = false

    /// Notes what is known of a photograph once it is read.
    /// - Parameter display: The size of its display copy.
    mutating func note(_ pixels: Photograph, display: (width: Int, height: Int)) {
      size = (pixels.width, pixels.height)
      pixelByteCount =
        pixels.width * pixels.height * (pixels.hasAlpha ? 4 : 3) * pixels.bitsPerSample / UInt8.bitWidth
      self.display = display
      // Hints that came before the size was known.
      hints.removeAll { $0.x >= pixels.width || $0.y >= pixels.height }
      remarks = pixels.remarks.map { $0.printable }
    }
  }

  let id: String
  let session: String
  /// The client's name of the file, for people.
  let name: String
  let format: ImageFormat
  /// The bytes of the picture's file, and then those of the display copy.
  let file: PrivateFile
  let fileByteCount: Int
  let state: Mutex<State>

  /// Longest side of the display copy.
  static let displaySize = 1600

  init(
    id: String, session: String, name: String, format: ImageFormat, file: PrivateFile, model: ServedModel,
    workingSize: Int?
  ) {
    self.id = id
    self.session = session
    self.name = name
    self.format = format
    self.file = file
    fileByteCount = file.byteCount
    state = Mutex(State(model: model, workingSize: workingSize))
  }

  /// Decodes the file.
  /// - Parameters:
  ///   - format: Of what is written from it, whose memory is admitted as well.
  ///   - quality: Of that.
  /// - Throws: `ImageError`.
  func photograph(
    _ memory: ColoringQueue.Memory, pixelLimit: Int, writtenAs format: ImageFormat = .jpeg,
    quality: Int = ImageFormat.defaultQuality
  ) throws -> Photograph {
    try Photograph(
      encoded: file.bytes(in: 0..<fileByteCount), name: name, pixelLimit: pixelLimit,
      admit: { memory.admit($0.byteCount(writtenAs: format, quality: quality)) })
  }

  /// Bytes of its files; until it is colored, those that they will have about.
  var byteCount: Int { state.withLock { byteCount(workingSize: nil, $0) } }

  /// Returns the bytes of its files after it was colored by a model.
  /// - Parameter workingSize: As `State.workingSize`, of another model or wish.
  func byteCount(by model: ServedModel, workingSize: Int?) -> Int {
    state.withLock { byteCount(workingSize: workingSize ?? model.workingSize, $0) }
  }

  /// - Parameter workingSize: Nil for what is there, or is under way.
  private func byteCount(workingSize: Int?, _ state: State) -> Int {
    if workingSize == nil, [.done, .failed].contains(state.stage) {
      return file.byteCount + (state.prediction?.file.byteCount ?? 0)
    }
    let wished = workingSize ?? state.workingSize ?? state.model.workingSize
    let colors = Self.colorByteCount(size: state.size, workingSize: wished)
    return file.byteCount + colors + (state.display == nil ? Self.displayByteCount : 0)
  }

  /// Returns the bytes that a photograph takes beside its file, before it is read.
  static func addedByteCount(workingSize: Int) -> Int {
    displayByteCount + colorByteCount(size: nil, workingSize: workingSize)
  }

  /// The most bytes of a display copy.
  private static let displayByteCount = 3 * displaySize * displaySize

  private static func colorByteCount(size: (width: Int, height: Int)?, workingSize: Int) -> Int {
    ColorData.byteCount(pixelCount: StoredPrediction.pixelCount(size: size, workingSize: workingSize))
  }

  /// Returns the display copy; nil until the file was read.
  func displayImage() throws -> RGBImage? {
    guard let size = state.withLock({ $0.display }) else { return nil }
    let bytes = try file.bytes(in: fileByteCount..<fileByteCount + 3 * size.width * size.height)
    return RGBImage(width: size.width, height: size.height, bytes: bytes)
  }

  /// Returns the size of the display copy of a photograph.
  static func displaySize(width: Int, height: Int) -> (width: Int, height: Int) {
    let scale = min(1, Double(displaySize) / Double(max(width, height)))
    return (max(1, Int((Double(width) * scale).rounded())), max(1, Int((Double(height) * scale).rounded())))
  }

  /// Returns the photograph as the page is told of it.
  func report(position: Int? = nil) -> Report { state.withLock { Report(self, $0, position: position) } }

  struct Hint: Codable, Sendable {
    let x: Int
    let y: Int
    let color: String

    init(_ hint: ColorHint) {
      (x, y, color) = (hint.x, hint.y, hint.color.hexadecimal)
    }

    /// Nil where the color is none.
    var hint: ColorHint? { RGBColor(hexadecimal: color).map { ColorHint(x: x, y: y, color: $0) } }
  }

  struct Report: Encodable, Sendable {
    let id: String
    let name: String
    let state: Stage
    let position: Int?
    let error: String?
    let remarks: [String]
    let width: Int?
    let height: Int?
    let displayWidth: Int?
    let displayHeight: Int?
    let format: String
    let byteCount: Int
    let model: String
    let workingSize: Int
    let strength: Float
    let contrast: Float
    let hints: [Hint]
    let revision: Int
    let seconds: Double?

    fileprivate init(_ photograph: PagePhotograph, _ state: State, position: Int?) {
      id = photograph.id
      name = photograph.name
      self.state = state.stage
      self.position = position
      error = state.error
      remarks = state.remarks
      width = state.size?.width
      height = state.size?.height
      displayWidth = state.display?.width
      displayHeight = state.display?.height
      format = photograph.format.rawValue
      byteCount = photograph.fileByteCount
      model = state.model.id
      workingSize = state.workingSize ?? state.model.workingSize
      strength = state.model.strength
      contrast = state.model.contrast
      hints = state.hints.map(Hint.init)
      revision = state.revision
      seconds = state.seconds
    }

    private enum CodingKeys: String, CodingKey {
      case id, name, state, position, error, remarks, width, height, displayWidth, displayHeight, format, byteCount
      case model, workingSize, strength, contrast, hints, revision, seconds
    }
  }
}
