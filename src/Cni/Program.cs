using System;
using System.IO;
using Overlay.Cni;
using Overlay.Cni.Protocol;

// Opened by hand: Console finds out encodings and terminals first, which takes longer than all the rest.
using var output = new StreamWriter(Console.OpenStandardOutput());
using var error = new StreamWriter(Console.OpenStandardError());
using var input = new StreamReader(Console.OpenStandardInput());
return new FlannelPlugin(
    new CniEnvironment(Environment.GetEnvironmentVariable), input, output, error, TimeProvider.System).Run();
