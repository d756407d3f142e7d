using System.Runtime.CompilerServices;

// Every struct that crosses into the kernel is laid out as declared, and every signature is called as written.
[assembly: DisableRuntimeMarshalling]
