#include "CWebPage.h"

// #embed is of C23; clang has it in all versions of C, with a remark.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define HTML "text/html; charset=utf-8"
#define STYLE "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define IMAGE "image/svg+xml"

static const unsigned char index_html[] = {
#embed "files/index.html"
};
static const unsigned char api_js[] = {
#embed "files/api.js"
};
static const unsigned char app_css[] = {
#embed "files/app.css"
};
static const unsigned char app_js[] = {
#embed "files/app.js"
};
static const unsigned char chart_js[] = {
#embed "files/chart.js"
};
static const unsigned char chroma_js[] = {
#embed "files/chroma.js"
};
static const unsigned char color_js[] = {
#embed "files/color.js"
};
static const unsigned char dom_js[] = {
#embed "files/dom.js"
};
static const unsigned char format_js[] = {
#embed "files/format.js"
};
static const unsigned char hints_js[] = {
#embed "files/hints.js"
};
static const unsigned char icon_svg[] = {
#embed "files/icon.svg"
};
static const unsigned char photographs_js[] = {
#embed "files/photographs.js"
};
static const unsigned char pointers_js[] = {
#embed "files/pointers.js"
};
static const unsigned char renderer_canvas_js[] = {
#embed "files/renderer-canvas.js"
};
static const unsigned char renderer_gl_js[] = {
#embed "files/renderer-gl.js"
};
static const unsigned char renderer_js[] = {
#embed "files/renderer.js"
};
static const unsigned char run_details_js[] = {
#embed "files/run-details.js"
};
static const unsigned char run_store_js[] = {
#embed "files/run-store.js"
};
static const unsigned char runs_js[] = {
#embed "files/runs.js"
};
static const unsigned char saving_js[] = {
#embed "files/saving.js"
};
static const unsigned char scale_js[] = {
#embed "files/scale.js"
};
static const unsigned char series_js[] = {
#embed "files/series.js"
};
static const unsigned char stage_js[] = {
#embed "files/stage.js"
};
static const unsigned char strip_js[] = {
#embed "files/strip.js"
};

#define FILE(name, type, bytes) {name, type, bytes, sizeof bytes}

// A further file is an array above and a line here.
static const struct web_page_file files[] = {
    FILE("index.html", HTML, index_html),
    FILE("api.js", SCRIPT, api_js),
    FILE("app.css", STYLE, app_css),
    FILE("app.js", SCRIPT, app_js),
    FILE("chart.js", SCRIPT, chart_js),
    FILE("chroma.js", SCRIPT, chroma_js),
    FILE("color.js", SCRIPT, color_js),
    FILE("dom.js", SCRIPT, dom_js),
    FILE("format.js", SCRIPT, format_js),
    FILE("hints.js", SCRIPT, hints_js),
    FILE("icon.svg", IMAGE, icon_svg),
    FILE("photographs.js", SCRIPT, photographs_js),
    FILE("pointers.js", SCRIPT, pointers_js),
    FILE("renderer-canvas.js", SCRIPT, renderer_canvas_js),
    FILE("renderer-gl.js", SCRIPT, renderer_gl_js),
    FILE("renderer.js", SCRIPT, renderer_js),
    FILE("run-details.js", SCRIPT, run_details_js),
    FILE("run-store.js", SCRIPT, run_store_js),
    FILE("runs.js", SCRIPT, runs_js),
    FILE("saving.js", SCRIPT, saving_js),
    FILE("scale.js", SCRIPT, scale_js),
    FILE("series.js", SCRIPT, series_js),
    FILE("stage.js", SCRIPT, stage_js),
    FILE("strip.js", SCRIPT, strip_js),
};

size_t web_page_file_count(void) { return sizeof files / sizeof files[0]; }

struct web_page_file web_page_file(size_t index) { return files[index]; }
