import Runtime

/// Which method each convolution uses. It depends on shapes and on this alone, never on what else runs, so that results do not
/// either.
public struct MethodChoice: Sendable {
  /// Methods that were found to be fast, by what they are for.
  public var gathers: [ConvolutionKey: GatherMethod] = [:]
  /// The same of gradients of weights.
  public var filters: [ConvolutionKey: FilterMethod] = [:]
  /// Use this way wherever it can compute what is asked, so that it can be tested or measured by itself.
  public var family: MethodFamily?

  public init(family: MethodFamily? = nil) { self.family = family }
}

extension CLBackend {
  /// The method that `gather` uses here. Its workspace and its launch both ask, and get the same answer.
  func method(for gather: ConvolutionGather) -> GatherMethod {
    if let family = methods.family, let method = GatherMethod.standard(family, for: gather, on: self) { return method }
    if let method = methods.gathers[gather.key] {
      if method.implementation.isUsable(for: gather, on: self) {
        noteUse(of: gather.key, method)
        return method
      }
      remarkUnusable(method, for: gather.name)
    }
    return standardMethod(for: gather)
  }

  /// The method of `gather` where nothing was measured.
  func standardMethod(for gather: ConvolutionGather) -> GatherMethod {
    switch bodies {
    case .gpu:
      if precision != .float32, TensorGather.pays(for: gather) {
        return .tensor(sizes: TensorGather(for: gather, precision))
      }
      return .tiled(sizes: TiledGather(for: gather))
    case .cpu:
      if Winograd.vectorsBuild(on: device), WinogradVectorGather.pays(for: gather),
        let sizes = WinogradVectorGather(for: gather, cores: device.computeUnits)
      {
        return .winogradVector(sizes: sizes)
      }
      return .vector(sizes: VectorGather(for: gather))
    }
  }

  /// The method that `filter` uses here.
  func method(for filter: ConvolutionFilter) -> FilterMethod {
    if let family = methods.family, let method = FilterMethod.standard(family, for: filter, on: self) { return method }
    if let method = methods.filters[filter.key] {
      if method.implementation.isUsable(for: filter, on: self) {
        noteUse(of: filter.key, method)
        return method
      }
      remarkUnusable(method, for: filter.name)
    }
    return standardMethod(for: filter)
  }

  /// The method of `filter` where nothing was measured.
  func standardMethod(for filter: ConvolutionFilter) -> FilterMethod {
    switch bodies {
    case .gpu:
      if precision != .float32, TensorFilter.pays(for: filter) {
        return .tensor(sizes: TensorFilter(for: filter, precision))
      }
      return .tiled(sizes: TiledFilter(for: filter))
    case .cpu:
      if Winograd.vectorsBuild(on: device), WinogradVectorFilter.pays(for: filter),
        let sizes = WinogradVectorFilter(for: filter)
      {
        return .winogradVector(sizes: sizes)
      }
      return .vector(sizes: VectorFilter(for: filter))
    }
  }

  private func remarkUnusable(_ method: any CustomStringConvertible, for operation: String) {
    Remarks.warning("the tuned method of \(operation), \(method), does not fit its kernels; the built-in one is used")
  }
}
