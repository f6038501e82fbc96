import Runtime

/// A model with its optimizer: runs training steps on batches of one data set.
public protocol Trainer: AnyObject {
  /// The network that colors.
  var generator: UNet { get }
  /// The networks with their names in a training state, the generator first.
  var networks: [(name: String, parameters: ParameterSet)] { get }
  /// What the losses are called, in the order of `takeLosses`.
  var lossNames: [String] { get }
  /// Colors the validation photographs; shares the training steps' memory.
  var predictor: Predictor { get }
  /// The order in which the training photographs come.
  var order: ImageOrder { get }
  /// Steps taken so far; Adam's t.
  var stepCount: Int { get set }
  var learningRate: Float { get set }
  /// What the steps need apart from the parameters, in bytes.
  var planMemory: PlanMemory { get }

  /// Puts one training step into the device's queue.
  /// - Parameter first: position in `order` of the batch's first photograph.
  func step(first: Int) throws(BackendError)

  /// Waits for the device, and returns the losses' sums over the steps since the last call.
  func takeLosses() throws(BackendError) -> [Float]
}
