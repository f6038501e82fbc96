// Draws a photograph and its colors by WebGL 2.

const vertexShader = `#version 300 es
void main() {
  // One triangle over the whole canvas.
  vec2 place = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(place, 0.0, 1.0);
}`;

// The functions are those of chroma.js and of Sources/Imaging.
const fragmentShader = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D picture;
uniform sampler2D lines;
uniform vec2 size;
uniform vec2 canvas;
uniform vec2 origin;
uniform float scale;
uniform float divider;
uniform bool isGray;
uniform bool isColored;
out vec4 result;

const vec3 luminance = vec3(0.212671, 0.71516, 0.072169);

vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), greaterThan(c, vec3(0.04045))); }
float linear(float c) { return c > 0.04045 ? pow((c + 0.055) / 1.055, 2.4) : c / 12.92; }
float encoded(float c) { return c > 0.0031308 ? 1.055 * pow(c, 1.0 / 2.4) - 0.055 : 12.92 * c; }
float byteOf(float c) { return floor(255.0 * encoded(c) + 0.5) / 255.0; }
float curve(float v) { return v > 0.008856 ? pow(v, 1.0 / 3.0) : 7.787 * v + 16.0 / 116.0; }
float inverseCurve(float v) { return v > 0.2068966 ? v * v * v : (v - 16.0 / 116.0) / 7.787; }

vec3 ofLab(float fy, float y, vec2 ab) {
  float x = 0.95047 * inverseCurve(fy + ab.x / 500.0);
  float z = 1.08883 * inverseCurve(fy - ab.y / 200.0);
  return vec3(3.240481 * x - 1.537152 * y - 0.498536 * z, -0.969255 * x + 1.87599 * y + 0.041556 * z,
    0.055647 * x - 0.204041 * y + 1.057311 * z);
}

bool isInGamut(vec3 c) {
  return all(greaterThanEqual(c, vec3(-1e-6))) && all(lessThanEqual(c, vec3(1.0 + 1e-6)));
}

vec4 lineAt(vec2 place) {
  ivec2 last = textureSize(lines, 0) - 1;
  vec2 at = clamp(place / size * vec2(textureSize(lines, 0)) - 0.5, vec2(0.0), vec2(last));
  ivec2 low = ivec2(at);
  ivec2 high = min(low + 1, last);
  vec2 part = at - vec2(low);
  vec4 left = mix(texelFetch(lines, low, 0), texelFetch(lines, ivec2(low.x, high.y), 0), part.y);
  vec4 right = mix(texelFetch(lines, ivec2(high.x, low.y), 0), texelFetch(lines, high, 0), part.y);
  return mix(left, right, part.x);
}

void main() {
  vec2 fragment = vec2(gl_FragCoord.x, canvas.y - gl_FragCoord.y);
  vec2 place = origin + fragment / scale;
  vec4 own = texture(picture, place / size, -0.5);
  if (any(lessThan(place, vec2(0.0))) || any(greaterThanEqual(place, size))) {
    result = vec4(0.0);
    return;
  }
  vec3 color = own.rgb;
  if (isColored && fragment.x >= divider) {
    vec3 light = linear(own.rgb);
    float y = clamp(dot(light, luminance), 0.0, 1.0);
    if (isGray) {
      color = vec3(encoded(y));
    } else {
      float lightness = 116.0 * curve(y) - 16.0;
      vec4 line = lineAt(place);
      vec2 ab = line.xy * lightness + line.zw;
      float fy = (lightness + 16.0) / 116.0;
      y = inverseCurve(fy);
      vec3 mixed = ofLab(fy, y, ab);
      if (!isInGamut(mixed)) {
        float low = 0.0;
        float high = 1.0;
        for (int step = 0; step < 12; step += 1) {
          float middle = (low + high) / 2.0;
          if (isInGamut(ofLab(fy, y, ab * middle))) low = middle; else high = middle;
        }
        mixed = ofLab(fy, y, ab * low);
      }
      mixed = clamp(mixed, 0.0, 1.0);
      color.r = byteOf(mixed.r);
      color.b = byteOf(mixed.b);
      float rest = dot(mixed, luminance) - dot(vec3(linear(color.r), 0.0, linear(color.b)), luminance);
      color.g = byteOf(clamp(rest / luminance.g, 0.0, 1.0));
    }
  }
  result = vec4(mix(vec3(1.0), color, own.a), 1.0);
}`;

/** A canvas on which a graphics processor computes the colors. */
export class GLRenderer {
  #canvas;
  #context;
  #uniforms;
  #picture = null;
  #size = [1, 1];
  #lines = null;
  #lastDrawn = null;

  /** Returns a renderer; null where the browser has no WebGL 2. */
  static make(canvas) {
    const context = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
    return context ? new GLRenderer(canvas, context) : null;
  }

  constructor(canvas, context) {
    this.#canvas = canvas;
    this.#context = context;
    this.#prepare();
    // A driver may take the context away and give it back.
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.#prepare();
      if (this.#picture) this.setPicture(this.#picture, ...this.#size);
      if (this.#lines) this.setLines(...this.#lines);
      if (this.#lastDrawn) this.draw(this.#lastDrawn);
    });
  }

  get largestSide() { return this.#context.getParameter(this.#context.MAX_TEXTURE_SIZE); }

  #prepare() {
    const gl = this.#context;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertexShader], [gl.FRAGMENT_SHADER, fragmentShader]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`The browser refuses the shader: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    this.#uniforms = (name) => gl.getUniformLocation(program, name);
    for (const [unit, name] of ["picture", "lines"].entries()) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      gl.uniform1i(this.#uniforms(name), unit);
    }
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** Takes a photograph of a size. Its ImageBitmap, without premultiplied alpha, may be smaller. */
  setPicture(bitmap, width, height) {
    const gl = this.#context;
    this.#picture = bitmap;
    this.#size = [width, height];
    gl.activeTexture(gl.TEXTURE0);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.generateMipmap(gl.TEXTURE_2D);
  }

  /** Takes the lines of `fittedLines`; null shows the photograph alone. */
  setLines(lines, width, height) {
    const gl = this.#context;
    this.#lines = lines ? [lines, width, height] : null;
    gl.uniform1i(this.#uniforms("isColored"), lines ? 1 : 0);
    if (!lines) return;
    gl.uniform1i(this.#uniforms("isGray"), lines.every((value) => value === 0) ? 1 : 0);
    gl.activeTexture(gl.TEXTURE1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, width, height, 0, gl.RGBA, gl.FLOAT, lines);
  }

  /**
   * Draws the photograph left of the divider, and its colors right of it.
   * @param {object} view `x` and `y`: the place of the photograph at the canvas' corner, in its pixels; `scale`: pixels
   *   of the canvas for one of the photograph; `divider`: in pixels of the canvas.
   */
  draw(view) {
    const gl = this.#context;
    this.#lastDrawn = view;
    if (!this.#picture) return;
    const { width, height } = this.#canvas;
    gl.viewport(0, 0, width, height);
    gl.activeTexture(gl.TEXTURE0);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER,
      view.scale < 1 ? gl.LINEAR_MIPMAP_LINEAR : gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, view.scale > 1 && view.scale < 4 ? gl.LINEAR : gl.NEAREST);
    gl.uniform2f(this.#uniforms("size"), ...this.#size);
    gl.uniform2f(this.#uniforms("canvas"), width, height);
    gl.uniform2f(this.#uniforms("origin"), view.x, view.y);
    gl.uniform1f(this.#uniforms("scale"), view.scale);
    gl.uniform1f(this.#uniforms("divider"), view.divider);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}
