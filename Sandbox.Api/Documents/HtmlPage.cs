using System.Text;
using System.Text.Encodings.Web;

namespace Sandbox.Api.Documents;

/// <summary>A page for people, without scripts and without anything from elsewhere.</summary>
internal sealed class HtmlPage(string title)
{
    private const string Style =
        "body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5}"
        + "table{border-collapse:collapse}td{padding:.2rem .8rem .2rem 0;vertical-align:top}code{white-space:nowrap}";

    private readonly StringBuilder _body = new();

    public static string Encode(string text) => HtmlEncoder.Default.Encode(text);

    /// <summary>A browser asks: it names HTML before anything of any kind.</summary>
    public static bool IsWanted(HttpRequest request) =>
        request.Headers.Accept.Any(value => value?.Contains("text/html", StringComparison.OrdinalIgnoreCase) is true);

    /// <param name="html">Already encoded.</param>
    public HtmlPage Add(string html)
    {
        _body.Append(html).Append('\n');
        return this;
    }

    public Task WriteAsync(HttpContext http)
    {
        var text = Encoding.UTF8.GetBytes(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>{Encode(title)}</title><style>{Style}</style></head>
            <body>
            <h1>{Encode(title)}</h1>
            {_body}</body>
            </html>

            """);
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = text.Length;
        return http.Response.Body.WriteAsync(text, http.RequestAborted).AsTask();
    }
}
