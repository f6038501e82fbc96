import CVectorLoops
import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: SpectralNormalizationForward) -> Int {
    let shape = operation.weights.shape
    let rows = Blocks(unitCount: shape.pixelCount, elementsPerUnit: shape.channels)
    return (shape.pixelCount + rows.count * shape.channels) * MemoryLayout<Float>.stride
  }

  public func prepare(_ operation: SpectralNormalizationForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.weights, operation.output)
    let (rowCount, columns) = (operation.weights.shape.pixelCount, operation.weights.shape.channels)
    let weights = try binding.vector(operation.weights, count: rowCount * columns)
    let output = try binding.vector(operation.output, count: rowCount * columns)
    let u = try binding.vector(operation.outputVector, count: columns)
    let v = try binding.vector(operation.inputVector, count: rowCount)
    let norm = try binding.vector(operation.norm, count: 1)
    let rows = Blocks(unitCount: rowCount, elementsPerUnit: columns)
    let product = try binding.workspace(workspace, of: Float.self, count: rowCount + rows.count * columns)
    let partial = product + rowCount
    return binding.launch { [pool] in
      pool.run(count: rows.count) { index, _ in
        let block = rows[index]
        let part = weights + block.lowerBound * columns
        vector_spectral_rows(product + block.lowerBound, part, u, block.count, columns)
        vector_spectral_columns(partial + index * columns, part, product + block.lowerBound, block.count, columns)
      }
      for index in 1..<max(rows.count, 1) {
        for column in 0..<columns { partial[column] += partial[index * columns + column] }
      }
      // Aᵀ v is Aᵀ A u over the length of A u.
      let scale = 1 / Self.length(of: product, count: rowCount)
      vector_spectral_scale(v, product, rowCount, scale)
      vector_spectral_scale(u, partial, columns, scale)
      norm.pointee = Self.length(of: u, count: columns)
      vector_spectral_scale(u, partial, columns, scale / norm.pointee)
      let factor = 1 / norm.pointee
      pool.run(count: rows.count) { index, _ in
        let first = rows[index].lowerBound * columns
        vector_spectral_scale(output + first, weights + first, rows[index].count * columns, factor)
      }
    }
  }

  public func workspaceByteCount(_ operation: SpectralNormalizationBackward) -> Int {
    let shape = operation.output.shape
    return Blocks(unitCount: shape.pixelCount, elementsPerUnit: shape.channels).count * MemoryLayout<Double>.stride
  }

  public func prepare(_ operation: SpectralNormalizationBackward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    var binding = Binding(operation)
    try binding.requireSameShape(operation.output, operation.gradient)
    let (rowCount, columns) = (operation.output.shape.pixelCount, operation.output.shape.channels)
    let output = try binding.vector(operation.output, count: rowCount * columns)
    let gradient = try binding.vector(operation.gradient, count: rowCount * columns)
    let u = try binding.vector(operation.outputVector, count: columns)
    let v = try binding.vector(operation.inputVector, count: rowCount)
    let norm = try binding.vector(operation.norm, count: 1)
    let rows = Blocks(unitCount: rowCount, elementsPerUnit: columns)
    let partial = try binding.workspace(workspace, of: Double.self, count: rows.count)
    return binding.launch { [pool] in
      pool.run(count: rows.count) { index, _ in
        let first = rows[index].lowerBound * columns
        vector_spectral_product(partial + index, output + first, gradient + first, rows[index].count * columns)
      }
      var total = 0.0
      for index in 0..<rows.count { total += partial[index] }
      let product = Float(total)
      let factor = 1 / norm.pointee
      pool.run(count: rows.count) { index, _ in
        let first = rows[index].lowerBound
        vector_spectral_gradient(
          gradient + first * columns, v + first, u, rows[index].count, columns, product, factor)
      }
    }
  }

  /// The Euclidean length of a vector, at least `SpectralNormalizationForward.epsilon`.
  private static func length(of vector: UnsafePointer<Float>, count: Int) -> Float {
    var square = 0.0
    vector_spectral_product(&square, vector, vector, count)
    return max(Float(square.squareRoot()), SpectralNormalizationForward.epsilon)
  }
}
