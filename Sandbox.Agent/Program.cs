using Sandbox.Agent.Native;

return args is [AccountLauncher.Option, ..] ? AccountLauncher.Run(args) : 0;
