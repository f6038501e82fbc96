import Runtime

extension CPUBackend {
  public func plan(_ operation: MomentsJoin) -> PlannedOperation {
    let parts = operation.moments.shape.batch
    let channels = operation.moments.shape.channels
    return PlannedOperation(operation.title) { binding throws(BackendError) in
      let moments = try binding.vector(operation.moments)
      return {
        var distance = 1
        while distance < parts {
          for part in stride(from: 0, to: parts, by: 2 * distance) {
            let mean = moments + part * 2 * channels, variance = mean + channels
            let otherMean = mean + distance * 2 * channels, otherVariance = otherMean + channels
            for c in 0..<channels {
              let halfDifference = 0.5 * (mean[c] - otherMean[c])
              mean[c] = 0.5 * (mean[c] + otherMean[c])
              variance[c] = 0.5 * (variance[c] + otherVariance[c]) + halfDifference * halfDifference
            }
          }
          distance *= 2
        }
      }
    }
  }

  public func plan(_ operation: BatchNormalizationGradientMeans) -> PlannedOperation {
    var workspace = Workspace()
    let plan = ChannelGradients.Plan(operation.gradients, pool: pool, &workspace)
    let count = Double(operation.population)
    return PlannedOperation(operation.title, workspace) { [pool] binding throws(BackendError) in
      let vectors = try ChannelVectors(operation.gradients, &binding)
      let vectorGradients = try ChannelVectorGradients(operation.gradients, &binding)
      let means = try binding.vector(operation.means)
      let gradients = try ChannelGradients(plan, operation.gradients, inputGradient: nil, &binding)
      return {
        gradients.set(vectors)
        gradients.sumUp(on: pool)
        for c in 0..<vectors.channels {
          let (shiftSum, scaleSum) = (gradients.sum[c], gradients.productSum[c] * vectors.inverseDeviation(c))
          vectorGradients.set(c, scale: scaleSum, shift: shiftSum)
          means[c] = Float(shiftSum / count)
          means[vectors.channels + c] = Float(scaleSum / count)
        }
      }
    }
  }

  public func plan(_ operation: BatchNormalizationInputGradient) -> PlannedOperation {
    var workspace = Workspace()
    let plan = ChannelGradients.Plan(operation.gradients, pool: pool, &workspace)
    return PlannedOperation(operation.title, workspace) { [pool] binding throws(BackendError) in
      let vectors = try ChannelVectors(operation.gradients, &binding)
      let means = try binding.vector(operation.means)
      let gradients = try ChannelGradients(
        plan, operation.gradients, inputGradient: operation.gradients.inputGradient, &binding)
      return {
        gradients.set(vectors)
        for c in 0..<vectors.channels {
          gradients.setTerms(
            c, vectors, shiftSum: Double(means[c]), scaleSum: Double(means[vectors.channels + c]), count: 1)
        }
        gradients.apply(on: pool)
      }
    }
  }
}
