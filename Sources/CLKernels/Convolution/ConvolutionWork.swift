import Runtime

/// A pass of a convolution or of a transposed one as one of the two sums that methods compute.
enum ConvolutionWork {
  case gather(ConvolutionGather)
  case filter(ConvolutionFilter)

  /// Nil where the operation is no convolution.
  init?(_ operation: any Operation) {
    switch operation {
    case let operation as ConvolutionForward: self = .gather(ConvolutionGather(operation))
    case let operation as ConvolutionBackwardData: self = .gather(ConvolutionGather(operation))
    case let operation as ConvolutionBackwardFilter: self = .filter(ConvolutionFilter(operation))
    case let operation as TransposedConvolutionForward: self = .gather(ConvolutionGather(operation))
    case let operation as TransposedConvolutionBackwardData: self = .gather(ConvolutionGather(operation))
    case let operation as TransposedConvolutionBackwardFilter: self = .filter(ConvolutionFilter(operation))
    default: return nil
    }
  }
}

extension ConvolutionWork {
  var key: ConvolutionKey {
    switch self {
    case .gather(let gather): gather.key
    case .filter(let filter): filter.key
    }
  }
}

extension CLBackend {
  /// How close to the true sums a convolution's pass would come, computed as it would be here; nil for all other operations.
  public func accuracy(of operation: any Operation) -> MethodAccuracy? {
    switch ConvolutionWork(operation) {
    case .gather(let gather): method(for: gather).implementation.accuracy
    case .filter(let filter): method(for: filter).implementation.accuracy
    case nil: nil
    }
  }

  /// The way in which a convolution's pass would be computed; nil for all other operations.
  public func methodFamily(of operation: any Operation) -> MethodFamily? {
    switch ConvolutionWork(operation) {
    case .gather(let gather): method(for: gather).family
    case .filter(let filter): method(for: filter).family
    case nil: nil
    }
  }
}
