import Runtime

/// One of the sums that methods compute, as what is tuned.
protocol TunableSum {
  associatedtype Method: TunableMethod

  var key: ConvolutionKey { get }
  /// Multiply-adds of the direct method.
  var multiplyAdds: Int { get }
  /// Products that are added up for one element of the result, at most.
  var terms: Int { get }
  /// Tensors that are read, and those that are written.
  var inputs: [Tensor] { get }
  var outputs: [Tensor] { get }

  /// The same on other tensors, which are given in the place of its own; it overwrites what it writes.
  func moved(_ place: (Tensor) -> Tensor) -> Self
  /// The same for the first and the last few elements of the result, about `multiplyAdds` in all.
  func ends(multiplyAdds: Int) -> [Self]

  func workspaceByteCount(_ method: Method) -> Int
  func prepare(_ method: Method, on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> CLLaunch
  func isUsable(_ method: Method, on backend: CLBackend) -> Bool
  /// The plain loops.
  var naive: Method { get }
  /// The built-in method, which is what it takes where nothing was measured.
  func standard(on backend: CLBackend) -> Method
  /// A built-in method that is exact on whole numbers.
  func exact(on backend: CLBackend) -> Method
  /// What a search begins with.
  func candidates(on backend: CLBackend) -> [Method]
}

/// What the search needs to know of a method.
protocol TunableMethod: Codable, Hashable, Sendable, CustomStringConvertible {
  var accuracy: MethodAccuracy { get }
  /// The same way with one size changed.
  var neighbours: [Self] { get }
  /// Puts the measured method, or none, into a tuning.
  static func set(_ entry: Tuning.Entry<Self>?, for key: ConvolutionKey, in tuning: inout Tuning)
  /// The method of a choice.
  static func chosen(for key: ConvolutionKey, in choice: MethodChoice) -> Self?
}

extension GatherMethod: TunableMethod {
  var accuracy: MethodAccuracy { implementation.accuracy }

  static func set(_ entry: Tuning.Entry<GatherMethod>?, for key: ConvolutionKey, in tuning: inout Tuning) {
    tuning.set(entry, for: key)
  }

  static func chosen(for key: ConvolutionKey, in choice: MethodChoice) -> GatherMethod? { choice.gathers[key] }
}

extension FilterMethod: TunableMethod {
  var accuracy: MethodAccuracy { implementation.accuracy }

  static func set(_ entry: Tuning.Entry<FilterMethod>?, for key: ConvolutionKey, in tuning: inout Tuning) {
    tuning.set(entry, for: key)
  }

  static func chosen(for key: ConvolutionKey, in choice: MethodChoice) -> FilterMethod? { choice.filters[key] }
}

extension ConvolutionGather: TunableSum {
  var multiplyAdds: Int { (direction == .down ? output : input).shape.pixelCount * geometry.taps * channels * columns }
  var terms: Int { geometry.taps * channels + 1 }
  var inputs: [Tensor] { [input, weights] + (bias.map { [$0] } ?? []) }
  var outputs: [Tensor] { [output] }

  func moved(_ place: (Tensor) -> Tensor) -> ConvolutionGather {
    ConvolutionGather(
      operation: operation, pass: pass, input: place(input), weights: place(weights), bias: bias.map(place),
      output: place(output), geometry: geometry, direction: direction, readsWeightsTransposed: readsWeightsTransposed)
  }

  func ends(multiplyAdds wanted: Int) -> [ConvolutionGather] {
    let batch = output.shape.batch
    let count = max(1, min(batch / 2, wanted / 2 / max(1, multiplyAdds / batch)))
    return [0..<count, batch - count..<batch].map { images in
      ConvolutionGather(
        operation: operation, pass: pass, input: input.images(images), weights: weights, bias: bias,
        output: output.images(images), geometry: geometry, direction: direction,
        readsWeightsTransposed: readsWeightsTransposed)
    }
  }

  func workspaceByteCount(_ method: GatherMethod) -> Int { method.implementation.workspaceByteCount(for: self) }
  func isUsable(_ method: GatherMethod, on backend: CLBackend) -> Bool {
    method.implementation.isUsable(for: self, on: backend)
  }
  var naive: GatherMethod { .naive(sizes: NaiveGather()) }
  func standard(on backend: CLBackend) -> GatherMethod { backend.standardMethod(for: self) }
  func exact(on backend: CLBackend) -> GatherMethod {
    switch backend.bodies {
    case .gpu: .tiled(sizes: TiledGather(for: self))
    case .cpu: .vector(sizes: VectorGather(for: self))
    }
  }
  func candidates(on backend: CLBackend) -> [GatherMethod] { GatherMethod.candidates(for: self, on: backend) }
}

extension ConvolutionFilter: TunableSum {
  var multiplyAdds: Int { grid.shape.pixelCount * weightsGradient.shape.count }
  var terms: Int { grid.shape.pixelCount }
  var inputs: [Tensor] { [rows, columns] }
  var outputs: [Tensor] { [weightsGradient] + (biasGradient.map { [$0] } ?? []) }

  func moved(_ place: (Tensor) -> Tensor) -> ConvolutionFilter {
    let columns = place(columns)
    return ConvolutionFilter(
      operation: operation, rows: place(rows), columns: columns, samplesRows: samplesRows, outputGradient: columns,
      weightsGradient: place(weightsGradient), biasGradient: biasGradient.map(place), geometry: geometry,
      accumulate: false)
  }

  func ends(multiplyAdds wanted: Int) -> [ConvolutionFilter] {
    let all = columns.shape.channels
    let count = max(1, min(all / 2, wanted / 2 / max(1, multiplyAdds / all)))
    return [0..<count, all - count..<all].map { channels in
      let columns = columns.channels(channels)
      return ConvolutionFilter(
        operation: operation, rows: rows, columns: columns, samplesRows: samplesRows, outputGradient: columns,
        weightsGradient: weightsGradient.channels(channels), biasGradient: biasGradient.map { $0.channels(channels) },
        geometry: geometry, accumulate: false)
    }
  }

  func isUsable(_ method: FilterMethod, on backend: CLBackend) -> Bool {
    method.implementation.isUsable(for: self, on: backend)
  }
  var naive: FilterMethod { .naive(sizes: NaiveFilter()) }
  func standard(on backend: CLBackend) -> FilterMethod { backend.standardMethod(for: self) }
  func exact(on backend: CLBackend) -> FilterMethod {
    switch backend.bodies {
    case .gpu: .tiled(sizes: TiledFilter(for: self))
    case .cpu: .vector(sizes: VectorFilter(for: self))
    }
  }
  func candidates(on backend: CLBackend) -> [FilterMethod] { FilterMethod.candidates(for: self, on: backend) }
}
