using Sandbox.Agent;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Agent.Sessions;

if (args is [AccountLauncher.Option, ..])
{
    return AccountLauncher.Run(args);
}

if (!AgentOptions.TryParse(args, out var options, out var error))
{
    StandardError.WriteLine($"sandbox-agent: {error}\n{AgentOptions.Usage}");
    return 2;
}

ExpectPatterns.LimitMatches();
AgentProcess.Prepare();
var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.AddAgent(options);

var app = builder.Build();
var routes = new RouteTable();
routes.MapAgent(app.Services);
routes.MapEnvdProcesses(app.Services);
routes.MapEnvdFiles(app.Services);
routes.MapRock(app.Services);
app.Serve(routes);

try
{
    await app.RunAsync();
}
catch (IOException exception)
{
    StandardError.WriteLine($"sandbox-agent: {exception.Message}");
    return 1;
}

ProcessTree.KillDescendants();
return 0;
