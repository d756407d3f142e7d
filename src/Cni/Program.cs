using System;
using Overlay.Cni;
using Overlay.Cni.Protocol;

// Opened by hand: Console finds out encodings and terminals first, which takes longer than all the rest.
return PluginProcess.Run(
    new CniEnvironment(Environment.GetEnvironmentVariable),
    Console.OpenStandardInput, Console.OpenStandardOutput, Console.OpenStandardError);
