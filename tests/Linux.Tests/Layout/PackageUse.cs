using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Tmds.Linux;

namespace Overlay.Linux.Tests.Layout;

/// <summary>
/// What the kernel layer refers to in Tmds.LibC, read from its compiled file: nobody has to keep a list.
/// </summary>
internal sealed class PackageUse
{
    private const string PropertyPrefix = "get_";

    private PackageUse(IReadOnlyList<Type> structs, IReadOnlyList<string> constants, IReadOnlyList<string> functions)
    {
        Structs = structs;
        Constants = constants;
        Functions = functions;
    }

    /// <summary>Structs and C's integer types, those of which other ones are made included.</summary>
    internal IReadOnlyList<Type> Structs { get; }

    /// <summary>Constants by name.</summary>
    internal IReadOnlyList<string> Constants { get; }

    /// <summary>Functions by name.</summary>
    internal IReadOnlyList<string> Functions { get; }

    /// <summary>Reads the references of an assembly.</summary>
    internal static PackageUse Read(Assembly user)
    {
        using var file = new PEReader(File.OpenRead(user.Location));
        MetadataReader metadata = file.GetMetadataReader();
        Assembly package = typeof(LibC).Assembly;
        var structs = new HashSet<Type>();
        foreach (TypeReference reference in metadata.TypeReferences.Select(metadata.GetTypeReference))
        {
            if (IsOf(package, metadata, reference) && metadata.GetString(reference.Name) != nameof(LibC))
            {
                string name = $"{metadata.GetString(reference.Namespace)}.{metadata.GetString(reference.Name)}";
                AddWithParts(package.GetType(name, throwOnError: true)!, structs); // throwOnError: never null
            }
        }

        string[] members = [.. metadata.MemberReferences
            .Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Where(member => IsLibC(package, metadata, (TypeReferenceHandle)member.Parent))
            .Select(member => metadata.GetString(member.Name))
            .Distinct()];
        return new PackageUse(
            [.. structs],
            [.. members.Where(IsProperty).Select(name => name[PropertyPrefix.Length..])],
            [.. members.Where(name => !IsProperty(name))]);
    }

    private static bool IsProperty(string member) => member.StartsWith(PropertyPrefix, StringComparison.Ordinal);

    private static bool IsLibC(Assembly package, MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return IsOf(package, metadata, type) && metadata.GetString(type.Name) == nameof(LibC);
    }

    private static bool IsOf(Assembly package, MetadataReader metadata, TypeReference type) =>
        type.ResolutionScope.Kind == HandleKind.AssemblyReference
        && metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name)
            == package.GetName().Name;

    private static void AddWithParts(Type type, HashSet<Type> found)
    {
        if (!found.Add(type))
        {
            return;
        }

        foreach (FieldInfo field in type.GetFields(CDeclarations.AnyInstance))
        {
            if (field.FieldType.Assembly == type.Assembly && field.FieldType is { IsValueType: true, IsNested: false })
            {
                AddWithParts(field.FieldType, found);
            }
        }
    }
}
