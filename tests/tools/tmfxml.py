"""tmfxml.py: runs the state provider of a data-driven analysis of Trace Compass, on events as dicts.

It does what Trace Compass does with such a file, as far as waitscope.xml goes: event handlers in the
order of the file, conditions, paths with locations and queries, values that add to what is there.
Anything else in the file is an error. It was written from the documentation of the format and shares
nothing with the analyzer.
"""
import xml.etree.ElementTree as ElementTree


class Attributes:
    """The state system: values by path, with their history."""

    def __init__(self):
        self.now = {}
        self.history = {}  # path: [(time, value), ...]

    def get(self, path):
        return self.now.get(path)

    def set(self, time, path, value):
        self.now[path] = value
        changes = self.history.setdefault(path, [])
        if changes and changes[-1][0] == time:
            changes[-1] = (time, value)
        else:
            changes.append((time, value))

    def intervals(self, path, end):
        """(begin, end, value) of each span in which there was a value."""
        changes = self.history[path] + [(end, None)]
        for (begin, value), (until, _) in zip(changes, changes[1:]):
            if value is not None:
                yield begin, until, value


class StateProvider:
    def __init__(self, file, id):
        root = ElementTree.parse(file).getroot()
        (self.provider,) = [e for e in root.iter("stateProvider") if e.get("id") == id]
        self.values = {e.get("name"): e.get("value") for e in self.provider.iter("definedValue")}
        self.locations = {e.get("id"): list(e) for e in self.provider.findall("location")}
        self.handlers = self.provider.findall("eventHandler")
        self.state = Attributes()

    def event(self, time, name, fields):
        for handler in self.handlers:
            if handler.get("eventName") == name:
                for change in handler:
                    self.change(time, change, fields)

    def constant(self, text):
        return self.values[text[1:]] if text.startswith("$") else text

    def path(self, elements, fields):
        """The attribute that they lead to; None where a part of it is nothing."""
        path = ()
        for element in elements:
            kind, value = element.get("type"), element.get("value")
            if kind == "location":
                more = self.path(self.locations[value], fields)
            elif kind == "constant":
                more = (self.constant(value),)
            elif kind == "eventField":
                more = (str(fields[value]),)
            elif kind == "query":
                found = self.state.get(self.path(list(element), fields))
                more = None if found is None else (str(found),)
            else:
                raise ValueError(f"stateAttribute of type {kind}")
            if more is None:
                return None
            path += more
        return path

    def value(self, element, fields):
        kind, value = element.get("type"), element.get("value")
        if kind == "null":
            return None
        if kind == "int":
            return int(self.constant(value))
        if kind == "string":
            return self.constant(value)
        if kind == "eventField":
            return fields[value]
        raise ValueError(f"stateValue of type {kind}")

    def test(self, element, fields):
        if element.tag == "not":
            (inner,) = element
            return not self.test(inner, fields)
        if element.tag in ("and", "or"):
            results = [self.test(inner, fields) for inner in element]
            return all(results) if element.tag == "and" else any(results)
        if element.tag != "condition":
            raise ValueError(element.tag)
        *left, right = element
        if left[0].tag == "field":
            first = fields[left[0].get("name")]
        else:
            first = self.state.get(self.path(left, fields))
        second = self.value(right, fields)
        # Other than numbers are compared as texts, nothing too.
        if not (isinstance(first, int) and isinstance(second, int)):
            first, second = str(first), str(second)
        return {"eq": first == second, "ne": first != second}[element.get("operator", "eq")]

    def change(self, time, element, fields):
        if element[0].tag == "if":
            parts = {e.tag: e for e in element}
            (condition,) = parts["if"]
            branch = "then" if self.test(condition, fields) else "else"
            if branch in parts:
                self.change(time, parts[branch], fields)
            return
        *left, right = element
        path = self.path(left, fields)
        if path is None:
            return
        value = self.value(right, fields)
        if right.get("increment") == "true":
            value += self.state.get(path) or 0
        self.state.set(time, path, value)
