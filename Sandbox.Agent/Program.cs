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
await using var services = AgentServices.Build(options);
var routes = new RouteTable();
routes.MapAgent(services);
routes.MapEnvdProcesses(services);
routes.MapEnvdFiles(services);
routes.MapRock(services);

try
{
    await services.GetRequiredService<AgentHost>().RunAsync(AgentServices.Served(services, routes));
}
catch (IOException exception)
{
    StandardError.WriteLine($"sandbox-agent: {exception.Message}");
    return 1;
}

ProcessTree.KillDescendants();
return 0;
