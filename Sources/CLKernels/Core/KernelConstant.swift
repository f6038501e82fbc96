/// A value of a `-D` constant, as OpenCL C source.
protocol KernelConstant {
  var source: String { get }
}

extension Int: KernelConstant {
  var source: String { String(self) }
}

extension Bool: KernelConstant {
  var source: String { self ? "1" : "0" }
}

/// A name of the kernel language: a type, another constant.
extension String: KernelConstant {
  var source: String { self }
}
