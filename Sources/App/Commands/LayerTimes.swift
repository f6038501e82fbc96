import Models
import Runtime

/// The kinds of work that the times of a layer are divided into.
enum LayerWork: String, Encodable, CaseIterable {
  /// The three passes of a convolution or a transposed convolution.
  case forward, dataGradient, weightGradient
  /// A batch norm and its gradient.
  case batchNorm
  case other

  init(_ operation: any Operation) {
    if type(of: operation).name == BatchNormalizationForward.name {
      self = .batchNorm
    } else if operation is any ConvolutionOperation {
      switch operation.pass {
      case .backwardData: self = .dataGradient
      case .backwardFilter: self = .weightGradient
      case .forward, .inference, .backward: self = .forward
      }
    } else {
      self = .other
    }
  }

  var heading: String {
    switch self {
    case .forward: "forward"
    case .dataGradient: "data gradient"
    case .weightGradient: "weight gradient"
    case .batchNorm: "batch norm"
    case .other: "other"
    }
  }

  /// The place among all kinds.
  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// Whether it is of a convolution.
  var isOfConvolution: Bool { self != .batchNorm && self != .other }
}

/// The time of a layer in a pass of a network, or of work beside the networks, in a training step.
struct LayerTimes: Encodable {
  /// All operations of one kind of work.
  struct Work: Encodable {
    let kind: LayerWork
    private(set) var count = 0
    private(set) var milliseconds = 0.0
    /// The time that the device's peaks allow; see `OperationsReport.Row`.
    private(set) var limitMilliseconds = 0.0

    fileprivate mutating func add(milliseconds: Double, limitMilliseconds: Double) {
      count += 1
      self.milliseconds += milliseconds
      self.limitMilliseconds += limitMilliseconds
    }
  }

  /// See `OperationLabel`.
  let part: String?
  let layer: String
  /// The layer's times by kind of work, in the order of `LayerWork`.
  private(set) var work: [Work] = []

  private mutating func add(_ kind: LayerWork, milliseconds: Double, limitMilliseconds: Double) {
    let index = work.firstIndex { $0.kind.index >= kind.index } ?? work.count
    if index == work.count || work[index].kind != kind { work.insert(Work(kind: kind), at: index) }
    work[index].add(milliseconds: milliseconds, limitMilliseconds: limitMilliseconds)
  }

  /// Returns the layers of a step in the order in which they first come, which is that of the networks.
  static func layers(of operations: [TimedOperation], _ peaks: DevicePeaks) -> [LayerTimes] {
    var layers: [LayerTimes] = []
    var places: [OperationLabel: Int] = [:]
    for timed in operations {
      let place = places[timed.label] ?? layers.count
      if place == layers.count {
        places[timed.label] = place
        layers.append(LayerTimes(part: timed.label.part, layer: timed.label.layer))
      }
      layers[place].add(
        LayerWork(timed.operation), milliseconds: timed.seconds * 1000,
        limitMilliseconds: peaks.leastSeconds(of: timed.operation) * 1000)
    }
    return layers
  }
}

extension LayerTimes {
  /// A row of the picture: a convolution with the layers of its module that come next and have no products.
  struct Row {
    let part: String?
    /// The first layer's.
    let name: String
    /// By kind, in the order of `LayerWork`.
    fileprivate(set) var work: [(layer: String, work: Work)]
  }

  /// The outermost module: `encoding_unit1` of `encoding_unit1.0`.
  private var module: Substring { layer.prefix { $0 != "." } }

  /// Whether it is a convolution.
  private var isConvolution: Bool { work.contains { $0.kind.isOfConvolution } }

  /// Returns the rows of a picture of layers.
  static func rows(_ layers: [LayerTimes]) -> [Row] {
    var rows: [Row] = []
    // The layer that begins the last row.
    var head: LayerTimes?
    for layer in layers {
      let work = layer.work.map { (layer: layer.layer, work: $0) }
      if let head, head.part == layer.part, head.module == layer.module, head.isConvolution, !layer.isConvolution {
        rows[rows.count - 1].work += work
      } else {
        rows.append(Row(part: layer.part, name: layer.layer, work: work))
        head = layer
      }
    }
    for place in rows.indices { rows[place].work.sort { $0.work.kind.index < $1.work.kind.index } }
    return rows
  }
}

extension Pass {
  /// The pass in words.
  var heading: String {
    switch self {
    case .forward: "forward"
    case .inference: "inference"
    case .backward: "gradient"
    case .backwardData: "data gradient"
    case .backwardFilter: "weight gradient"
    }
  }
}
