"""Reads Bicep templates, and holds each resource against the model that Microsoft's library for Python has of it.

It finds what is not Bicep, names that are not declared or not used, parameters and outputs without a description,
properties that a resource does not have or that are read-only, values that are not among those of an enumeration, and
required properties that are missing. It does not find what only the compiler or Azure knows: types of expressions, regions,
quotas, names that are taken.

    bicep.py FILE...
"""

import enum
import importlib
import sys
import typing
from pathlib import Path

import pycep
import tree_sitter
import tree_sitter_bicep

# The type and API version of each resource, and its model. The versions exist: each is a folder of Microsoft's
# bicep-types-az. A library has the latest version's model, which has what the earlier ones have.
MODELS = {
    "Microsoft.App/jobs@2025-01-01": "appcontainers.models.Job",
    "Microsoft.App/managedEnvironments@2025-01-01": "appcontainers.models.ManagedEnvironment",
    "Microsoft.Authorization/roleAssignments@2022-04-01": "authorization.models.RoleAssignmentCreateParameters",
    "Microsoft.Automation/automationAccounts@2024-10-23": "automation.models.AutomationAccountCreateOrUpdateParameters",
    "Microsoft.Automation/automationAccounts/jobSchedules@2024-10-23": "automation.models.JobScheduleCreateParameters",
    "Microsoft.Automation/automationAccounts/runbooks@2024-10-23": "automation.models.RunbookCreateOrUpdateParameters",
    "Microsoft.Automation/automationAccounts/runtimeEnvironments@2024-10-23": "automation.models.RuntimeEnvironment",
    "Microsoft.Automation/automationAccounts/runtimeEnvironments/packages@2024-10-23": "automation.models.PackageCreateOrUpdateParameters",
    "Microsoft.Automation/automationAccounts/schedules@2024-10-23": "automation.models.ScheduleCreateOrUpdateParameters",
    "Microsoft.Compute/virtualMachines@2024-07-01": "compute.models.VirtualMachine",
    "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31": "msi.models.Identity",
    "Microsoft.Network/networkInterfaces@2024-05-01": "network.models.NetworkInterface",
    "Microsoft.OperationalInsights/workspaces@2023-09-01": "loganalytics.models.Workspace",
}
# An `existing` resource has a name and nothing to check.
EXISTING = {"Microsoft.ContainerRegistry/registries@2023-07-01"}
# What each resource has in Bicep, whatever its model.
COMMON = {"name", "parent", "scope", "dependsOn"}
# The functions and decorators of Bicep that the templates use.
FUNCTIONS = {
    "base64", "concat", "dateTimeAdd", "guid", "items", "json", "listKeys", "loadTextContent", "newGuid", "replace",
    "resourceGroup", "string", "subscriptionResourceId", "toLower", "union", "utcNow",
    "description", "maxLength", "maxValue", "minLength", "minValue", "secure",
}

found = 0


def complain(where, what):
    global found
    found += 1
    print(f"{where}: {what}")


def nodes(node):
    yield node
    for child in node.children:
        yield from nodes(child)


def check_syntax(path):
    """Complains of what is not Bicep, and of names that are not declared or not used. Returns those that are."""
    language = tree_sitter.Language(tree_sitter_bicep.language())
    tree = tree_sitter.Parser(language).parse(path.read_bytes())
    declared, used = {}, {}
    for node in nodes(tree.root_node):
        where = f"{path}:{node.start_point.row + 1}"
        if node.type == "ERROR" or node.is_missing:
            complain(where, f"this is not Bicep: `{node.text.decode()[:40]}`")
        if node.type != "identifier":
            continue
        name, parent = node.text.decode(), node.parent
        first = next(child for child in parent.children if child.type == "identifier")
        if parent.type.endswith("_declaration") and node == first or parent.type == "for_statement" and node == first:
            declared[name] = (where, parent.type)
        elif not (parent.type == "object_property" and node == parent.children[0]):
            used[name] = where
    for name, (where, kind) in declared.items():
        if kind in ("parameter_declaration", "variable_declaration") and name not in used:
            complain(where, f"`{name}` is not used")
    for name in used.keys() - declared.keys() - FUNCTIONS:
        complain(used[name], f"`{name}` is not declared")
    return set(declared)


def model_of(name):
    module, _, name = name.rpartition(".")
    return getattr(importlib.import_module(f"azure.mgmt.{module}"), name)


def fields_of(model):
    """The properties of a model by their names in JSON: type, whether read-only, whether required."""
    fields = {}
    if hasattr(model, "_attribute_map"):  # Written by the older generator.
        for name, entry in model._attribute_map.items():
            rules = model._validation.get(name, {})
            # `properties.principalId` is a property of `properties`.
            fields[entry["key"]] = (entry["type"], rules.get("readonly", False), rules.get("required", False))
        return fields
    model({})  # The first instance of a model makes the list of its fields.
    hints = {name: hint for base in reversed(model.__mro__) for name, hint in getattr(base, "__annotations__", {}).items()}
    for name, field in model._attr_to_rest_field.items():
        kind = resolved(hints[name], model)
        is_read_only = field._visibility == ["read"]
        is_required = type(None) not in typing.get_args(kind) and not is_read_only
        fields[field._rest_name] = (kind, is_read_only, is_required)
    return fields


def resolved(kind, model):
    """The type that an annotation of the model names."""
    package = importlib.import_module(model.__module__.rpartition(".")[0])
    scope = {**vars(typing), **vars(sys.modules[model.__module__]), "_models": package, "_types": package}
    if isinstance(kind, str):
        kind = eval(kind, scope)
    if isinstance(kind, typing.ForwardRef):
        return resolved(kind.__forward_arg__, model)
    parts = tuple(resolved(part, model) for part in typing.get_args(kind))
    if not parts:
        return kind
    origin = typing.get_origin(kind)
    return origin[parts] if origin in (list, dict, typing.Union) else kind


def check(where, value, kind, symbols):
    """Whether a value is one of this type: a model, an enumeration, a list of these, or anything else."""
    if isinstance(kind, str):  # Of the older generator, whose models have no objects but `properties` here.
        return
    kinds = [one for one in typing.get_args(kind) if one is not type(None)] if typing.get_origin(kind) is typing.Union else [kind]
    enums = [one for one in kinds if isinstance(one, type) and issubclass(one, enum.Enum)]
    models = [one for one in kinds if hasattr(one, "_is_model") or hasattr(one, "_attribute_map")]
    lists = [one for one in kinds if typing.get_origin(one) is list]
    maps = [one for one in kinds if typing.get_origin(one) is dict]
    if enums and isinstance(value, str) and value not in symbols and "${" not in value:
        known = {member.value.lower() for one in enums for member in one}
        if value.lower() not in known:
            complain(where, f"`{value}` is not one of {sorted(known)}")
    elif lists and isinstance(value, list):
        for number, one in enumerate(value):
            check(f"{where}[{number}]", one, typing.get_args(lists[0])[0], symbols)
    elif maps and isinstance(value, dict):
        for key, one in value.items():
            check(f"{where}.{key}", one, typing.get_args(maps[0])[1], symbols)
    elif models and isinstance(value, dict) and not {"function", "operator", "loop_type"} & set(value):
        check_object(where, value, models[0], symbols, set())


def check_object(where, value, model, symbols, common):
    fields = fields_of(model)
    for key in value:
        if key in common:
            continue
        if key == "properties" and key not in fields:  # Flattened by the older generator.
            for inner in value[key]:
                name = f"properties.{inner}"
                if name not in fields:
                    complain(where, f"there is no `{name}`")
                elif fields[name][1]:
                    complain(where, f"`{name}` is read-only")
            for name in fields:
                if name.startswith("properties.") and fields[name][2] and name.split(".")[1] not in value[key]:
                    complain(where, f"`{name}` is missing")
        elif key not in fields:
            complain(where, f"there is no `{key}`; there are {sorted(fields)}")
        elif fields[key][1]:
            complain(where, f"`{key}` is read-only")
        else:
            check(f"{where}.{key}", value[key], fields[key][0], symbols)
    for name, (_, _, required) in fields.items():
        if required and "." not in name and name not in value and name not in COMMON:
            complain(where, f"`{name}` is missing")


def main():
    checked = 0
    for path in map(Path, sys.argv[1:]):
        symbols = check_syntax(path)
        tree = pycep.BicepParser().parse(text=path.read_text())
        for kind in ("parameters", "outputs"):
            for name, one in tree.get(kind, {}).items():
                if not any("description" in str(decorator) for decorator in one.get("decorators", [])):
                    complain(path, f"`{name}` has no description")
        for name, resource in tree["resources"].items():
            kind = f"{resource['type']}@{resource['api_version']}"
            where = f"{path}: {name}"
            if resource["existing"]:
                if kind not in EXISTING:
                    complain(where, f"`{kind}` is not known here")
            elif kind not in MODELS:
                complain(where, f"`{kind}` is not known here")
            else:
                model = model_of(MODELS[kind])
                common = COMMON | ({"location"} if "location" not in fields_of(model) else set())
                check_object(where, resource["config"], model, symbols, common)
                checked += 1
    if found:
        sys.exit(f"azure: {found} to mend")
    print(f"azure: {checked} resources are as their models have them")


main()
