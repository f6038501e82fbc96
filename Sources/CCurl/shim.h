#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo take C varargs, which Swift cannot pass.

static inline CURLcode recolor_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode recolor_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode recolor_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

/// Allows HTTP and HTTPS alone, also after a redirect; after one from an address of HTTPS, HTTPS alone.
static inline CURLcode recolor_curl_allow_http_only(CURL *handle, int is_secure) {
#if LIBCURL_VERSION_NUM >= 0x075500
  CURLcode status = curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  return status ? status : curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, is_secure ? "https" : "http,https");
#else
  CURLcode status = curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
  long redirected = is_secure ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS;
  return status ? status : curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS, redirected);
#endif
}

/// The common type of write, header and read functions.
typedef size_t (*recolor_curl_data_function)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode recolor_curl_set_function(CURL *handle, CURLoption option, recolor_curl_data_function function) {
  return curl_easy_setopt(handle, option, function);
}

static inline long recolor_curl_response_code(CURL *handle) {
  long code = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
  return code;
}

/// Returns the address that the last redirect led to, also where it was not followed; NULL without redirects. The
/// handle owns it.
static inline const char *recolor_curl_redirected_url(CURL *handle) {
  long count = 0;
  const char *url = NULL;
  curl_easy_getinfo(handle, CURLINFO_REDIRECT_COUNT, &count);
  if (count > 0) curl_easy_getinfo(handle, CURLINFO_EFFECTIVE_URL, &url);
  return url;
}

/// Returns the number of bytes of the body, as the server states it; −1 where it does not.
static inline curl_off_t recolor_curl_content_length(CURL *handle) {
  curl_off_t length = -1;
  curl_easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length;
}
