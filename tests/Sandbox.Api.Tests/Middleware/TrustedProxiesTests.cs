using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Api.Middleware;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Middleware;

public sealed class TrustedProxiesTests
{
    [Theory]
    [InlineData("", "127.0.0.1 http")]
    [InlineData("10.0.0.0/8", "127.0.0.1 http")]
    [InlineData("127.0.0.1", "203.0.113.9 https")]
    [InlineData("127.0.0.0/8", "203.0.113.9 https")]
    public async Task Address_ThatARequestClaims_IsBelievedOfANamedProxyOnly(string proxies, string expected)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<ApiOptions>(api => api.TrustedProxies = proxies.Length > 0 ? [proxies] : []);
        await using var app = builder.Build();
        app.UseTrustedProxies();
        app.Run(http => http.Response.WriteAsync($"{http.Connection.RemoteIpAddress} {http.Request.Scheme}"));
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");

        Assert.Equal(expected, await http.GetStringAsync("/"));
    }

    [Fact]
    public async Task CallerWithoutAKey_ThroughANamedProxyOfThisMachine_IsRefused()
    {
        await using var server = await ApiServer.StartAsync(("Api:TrustedProxies:0", "127.0.0.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-Forwarded-For", "127.0.0.1");

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal(403, (int)answer.StatusCode);
    }
}
