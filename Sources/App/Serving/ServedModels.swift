import Files
import FoundationEssentials
import Imaging
import Models
import Runtime
import Synchronization

/// A model that the page offers.
struct ServedModel: Encodable, Sendable {
  let id: String
  let name: String
  let workingSize: Int
  let strength: Float
  let contrast: Float
  let description: String
  /// A weights file, a run's folder or a built-in model, as on the command line.
  let argument: String

  private enum CodingKeys: String, CodingKey {
    case id, name, workingSize, strength, contrast, description
  }

  /// Opens a model to learn its settings.
  init(_ argument: String) throws {
    let weights = try Checkpoint(argument: argument)
    self.argument = argument
    id = weights.url == nil ? argument.replacing(":", with: "-") : Self.id(of: argument)
    name = weights.url == nil ? argument : weights.shortName.printable
    let settings = weights.coloringSettings
    (workingSize, strength, contrast) = (settings.workingSize, settings.strength, settings.contrast)
    description = "\(weights.configuration.kind.rawValue), width \(weights.configuration.width)"
  }

  var settings: ColoringSettings { ColoringSettings(workingSize: workingSize, strength: strength, contrast: contrast) }

  /// Returns a name for a path that says nothing of it: the first digits of its SHA-256.
  static func id(of path: String) -> String {
    let text = Array((Folder.realPath(path) ?? path).utf8)
    return (try? SHA256.hexadecimal(of: text)).map { String($0.prefix(16)) } ?? "\(text.count)"
  }
}

/// The models that color for the page, on one device, one at a time.
final class ServedModels: Sendable {
  private struct State {
    let backend: any Backend
    /// Those whose weights are on the device, the one used last at the end.
    var loaded: [(id: String, stamp: FileStamp?, colorizer: Colorizer)] = []
  }

  /// The device is used by one thread at a time.
  private let state: Mutex<State>
  private let list: Mutex<[ServedModel]>
  let device: String
  let deviceDescription: String

  /// Models whose weights are held on the device.
  private static let loadedCount = 2

  /// - Parameter models: The first is the standard one.
  init(_ models: [ServedModel], on backend: sending any Backend) {
    device = backend.name
    deviceDescription = backend.deviceDescription
    state = Mutex(State(backend: backend))
    list = Mutex(models)
  }

  var all: [ServedModel] { list.withLock { $0 } }

  /// Adds a model unless it is there already. Returns whether it was added.
  func add(_ model: ServedModel) -> Bool {
    list.withLock { models in
      guard !models.contains(where: { $0.id == model.id }) else { return false }
      models.append(model)
      return true
    }
  }

  /// Returns the model of a name, or the standard one.
  func model(_ id: String?) -> ServedModel? {
    list.withLock { models in
      guard let id else { return models.first }
      return models.first { $0.id == id }
    }
  }

  /// Predicts the colors of a photograph by a model.
  func predict(_ photograph: Photograph, by model: ServedModel, workingSize: Int) throws -> ColorPrediction {
    try state.withLock { state in
      // A run's weights change while it trains.
      let isBuiltIn = model.argument.hasPrefix(BuiltInModel.prefix)
      let stamp = isBuiltIn ? nil : FileStamp(of: try WeightsFile(model.argument).url.path)
      let colorizer: Colorizer
      if let index = state.loaded.firstIndex(where: { $0.id == model.id && $0.stamp == stamp }) {
        colorizer = state.loaded.remove(at: index).colorizer
      } else {
        state.loaded.removeAll { $0.id == model.id }
        while state.loaded.count >= Self.loadedCount { state.loaded.removeFirst() }
        colorizer = try Colorizer(Checkpoint(argument: model.argument), on: state.backend)
      }
      state.loaded.append((model.id, stamp, colorizer))
      return try colorizer.predict(photograph, workingSize: workingSize)
    }
  }
}

/// The identity, the size and the time of a file, which differ where it has changed.
struct FileStamp: Equatable, Sendable {
  let inode: UInt
  let byteCount: Int
  let seconds: Int
  let nanoseconds: Int

  /// Nil where there is no such file.
  init?(of path: String) {
    guard let status = Folder.status(of: path) else { return nil }
    inode = UInt(status.st_ino)
    byteCount = Int(status.st_size)
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }
}
