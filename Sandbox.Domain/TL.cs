#pragma warning disable
namespace Sandbox.Domain; public static class TL { static readonly System.Collections.Concurrent.ConcurrentQueue<string> Q=new(); public static void T(string l){ Q.Enqueue(System.Diagnostics.Stopwatch.GetTimestamp()/1000+" "+l); if(l=="answered"){ using var w=new System.IO.StreamWriter("/tmp/tl.txt",true); while(Q.TryDequeue(out var x)) { w.WriteLine(x); }} } }
