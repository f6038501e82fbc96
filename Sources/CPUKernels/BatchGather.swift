import CVectorLoops
import Runtime

extension CPUBackend {
  /// The launch throws `BackendError.invalidOperation` where the batch ends past the last of `indices` or an index is
  /// past the last image.
  public func plan(_ operation: BatchGather) -> PlannedOperation {
    let (title, encoding, first) = (operation.title, operation.encoding, operation.first)
    let (batch, imageCount) = (operation.color.shape.batch, operation.images.shape.batch)
    let indexCount = operation.indices.shape.count
    let (height, width) = (operation.images.shape.height, operation.images.shape.width)
    let pixels = height * width
    // Several small images may make one block.
    let blocks = Blocks(unitCount: batch, elementsPerUnit: pixels)
    return PlannedOperation(title) { [pool] binding throws(BackendError) in
      let images = try binding.uint8(operation.images)
      let indices = try binding.uint32(operation.indices).pointer
      let color = try binding.float32(operation.color)
      let gray = try binding.float32(operation.gray)
      return { () throws(BackendError) in
        let start = first.value
        guard start >= 0, start <= indexCount - batch else {
          throw .invalidOperation(
            operation: title,
            reason: "the batch from \(start) on needs \(batch) indices, and there are \(indexCount)")
        }
        let picked = indices + start
        for position in 0..<batch {
          let number = picked[position] & ~BatchGather.horizontalFlip
          guard Int(number) >= imageCount else { continue }
          throw .invalidOperation(
            operation: title,
            reason: "index \(number) at \(start + position) is past the last of \(imageCount) images")
        }
        pool.run(count: blocks.count) { index, _ in
          for position in blocks[index] {
            let number = Int(picked[position] & ~BatchGather.horizontalFlip)
            let image = vector_byte_image(
              bytes: images.pixel(number * pixels), stride: images.pixelStride, rows: height, columns: width,
              flipped: picked[position] & BatchGather.horizontalFlip != 0)
            switch encoding {
            case .rgb(let scale, let shift):
              vector_batch_gather(
                color.pixels(from: position * pixels), gray.pixels(from: position * pixels), image, scale, shift)
            case .lab:
              vector_batch_gather_lab(
                color.pixels(from: position * pixels), gray.pixels(from: position * pixels), image,
                1 / ColorEncoding.labChromaScale, 1 / ColorEncoding.labLightnessScale, -1)
            }
          }
        }
      }
    }
  }
}
