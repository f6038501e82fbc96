import CVectorLoops
import Runtime

extension CPUBackend {
  /// The launch throws `BackendError.invalidOperation` where the batch reaches past the end of `indices` or an index is
  /// no image's.
  public func prepare(_ operation: BatchGather) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let images = try binding.uint8(operation.images)
    let indices = try binding.uint32(operation.indices)
    let color = try binding.float32(operation.color)
    let gray = try binding.float32(operation.gray)
    let batch = color.batch
    try binding.require(indices.isDense || indices.pixelCount == 1, "indices have gaps between them")
    try binding.require(
      images.channels == 3 && color.channels == operation.encoding.colorChannels && gray.channels == 1
        && gray.batch == batch
        && color.height == images.height && color.width == images.width && gray.height == images.height
        && gray.width == images.width,
      "images \(operation.images.shape), color \(operation.color.shape) and gray \(operation.gray.shape) do not fit")
    let pixels = images.height * images.width
    let (encoding, first, width) = (operation.encoding, operation.first, images.width)
    // The batch is read by position, so several small images may make one block.
    let blocks = Blocks(unitCount: batch, elementsPerUnit: pixels)
    let check = binding
    return binding.launch { [pool] () throws(BackendError) in
      let start = first.value
      try check.require(
        start >= 0 && start <= indices.count - batch,
        "the batch from \(start) on needs \(batch) indices, and there are \(indices.count)")
      let picked = indices.pointer + start
      for position in 0..<batch where Int(picked[position] & ~BatchGather.mirrored) >= images.batch {
        throw check.invalid(
          "index \(picked[position] & ~BatchGather.mirrored) at \(start + position) is past the last of \(images.batch) images"
        )
      }
      pool.run(count: blocks.count) { index, _ in
        for position in blocks[index] {
          let number = Int(picked[position] & ~BatchGather.mirrored)
          let image = vector_image(
            bytes: images.pointer + number * pixels * images.pixelStride, stride: images.pixelStride,
            rows: images.height,
            columns: width, mirrored: picked[position] & BatchGather.mirrored != 0)
          let colorStart = color.pointer + position * pixels * color.pixelStride
          let grayStart = gray.pointer + position * pixels * gray.pixelStride
          switch encoding {
          case .rgb(let scale, let shift):
            vector_batch_gather(
              colorStart, color.pixelStride, grayStart, gray.pixelStride, image, scale, shift)
          case .lab:
            vector_batch_gather_lab(
              colorStart, color.pixelStride, grayStart, gray.pixelStride, image, 1 / ColorEncoding.labChromaScale,
              1 / ColorEncoding.labLightnessScale, -1)
          }
        }
      }
    }
  }
}
