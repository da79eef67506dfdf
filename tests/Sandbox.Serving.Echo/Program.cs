using Sandbox.Serving.Echo;

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls($"http://{builder.Configuration["host"]}:{builder.Configuration["port"]}");

var key = builder.Configuration[EchoConfigurationBuilder.KeyVariable];
if (builder.Configuration["print-key"] is "true")
{
    Console.WriteLine($"The key is {key}.");
}

var app = builder.Build();
app.Use((context, next) => EchoErrors.AnswerAsync(context, key, next));
app.MapEcho(builder.Configuration["model"] ?? EchoConfigurationBuilder.DefaultModel);
await app.RunAsync();
