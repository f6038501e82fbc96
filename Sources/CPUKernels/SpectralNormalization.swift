import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: SpectralNormalizationForward) -> PlannedOperation {
    let (rowCount, columns) = (operation.weights.shape.pixelCount, operation.weights.shape.channels)
    let rows = Blocks(unitCount: rowCount, elementsPerUnit: columns)
    var workspace = Workspace()
    let productPart = workspace.add(rowCount, of: Float.self)
    let partialPart = workspace.add(rows.count * columns, of: Float.self)
    return PlannedOperation(operation.title, workspace) { [pool] binding throws(BackendError) in
      let weights = try binding.vector(operation.weights)
      let output = try binding.vector(operation.output)
      let u = try binding.vector(operation.outputVector)
      let v = try binding.vector(operation.inputVector)
      let norm = try binding.vector(operation.norm)
      let product = try binding.pointer(to: productPart)
      let partial = try binding.pointer(to: partialPart)
      return {
        pool.run(count: rows.count) { index, _ in
          let block = rows[index]
          let part = weights + block.lowerBound * columns
          vector_spectral_rows(product + block.lowerBound, part, u, block.count, columns)
          vector_spectral_columns(partial + index * columns, part, product + block.lowerBound, block.count, columns)
        }
        for index in 1..<rows.count {
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
  }

  public func plan(_ operation: SpectralNormalizationBackward) -> PlannedOperation {
    let (rowCount, columns) = (operation.output.shape.pixelCount, operation.output.shape.channels)
    let rows = Blocks(unitCount: rowCount, elementsPerUnit: columns)
    var workspace = Workspace()
    let partialPart = workspace.add(rows.count, of: Double.self)
    return PlannedOperation(operation.title, workspace) { [pool] binding throws(BackendError) in
      let output = try binding.vector(operation.output)
      let gradient = try binding.vector(operation.gradient)
      let u = try binding.vector(operation.outputVector)
      let v = try binding.vector(operation.inputVector)
      let norm = try binding.vector(operation.norm)
      let partial = try binding.pointer(to: partialPart)
      return {
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
  }

  /// Returns the Euclidean length of a vector, at least `SpectralNormalizationForward.epsilon`.
  private static func length(of vector: UnsafePointer<Float>, count: Int) -> Float {
    var square = 0.0
    vector_spectral_product(&square, vector, vector, count)
    return max(Float(square.squareRoot()), SpectralNormalizationForward.epsilon)
  }
}
