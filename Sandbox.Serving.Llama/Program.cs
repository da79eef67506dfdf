using Sandbox.Serving.Llama;

return await LlamaProgram.RunAsync(args, Console.Error);
