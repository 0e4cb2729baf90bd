import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeJson, printAround, printedAs } from './json.ts';
import {
  any,
  array,
  bool,
  embedded,
  int64,
  key,
  map,
  omitEmpty,
  pointer,
  slice,
  string,
  struct,
  uint8,
} from './types.ts';
import { text, value } from './values.ts';

const inner = struct('inner', { Deep: string, None: omitEmpty(string) });
const outer = struct('outer', {
  Name: key('name', string),
  Inner: embedded(inner),
  Maybe: embedded(pointer(struct('maybe', { Optional: omitEmpty(int64) }))),
  Yes: bool,
  List: slice(string),
  Three: array(3, uint8),
  Left: omitEmpty(slice(string)),
  Map: map(int64),
  Lost: omitEmpty(map(string)),
  Pointer: pointer(inner),
  Any: any,
});

test('what is missing is the zero value of its type, or left out; embedded fields stand among the others', () => {
  const zero = '{"name":"","Deep":"","Yes":false,"List":null,"Three":[],"Map":null,"Pointer":null,"Any":null}';
  assert.is(encodeJson(value(outer, undefined)), zero);
  assert.is(encodeJson(value(outer, {})), zero);
  assert.is(encodeJson(undefined), 'null');
  assert.is(encodeJson(value(slice(outer), [])), '[]');
});

test('fields in the order of the type, keys of a map in that of their bytes', () => {
  const data = { Map: { ﬀ: 1, '😀': 2, b: 3, a: 4n }, Left: ['x'], Lost: {}, Optional: 5, Deep: '<&>', name: 'n"\b' };
  assert.is(
    encodeJson(value(outer, { ...data, Any: text('held'), Pointer: { None: 'some' } })),
    '{"name":"n\\"\\u0008","Deep":"<&>","Optional":5,"Yes":false,"List":null,"Three":[],"Left":["x"],' +
      '"Map":{"a":4,"b":3,"ﬀ":1,"😀":2},"Pointer":{"Deep":"","None":"some"},"Any":"held"}',
  );
});

test('each member on a line of its own, but for what is empty', () => {
  const type = struct('row', { A: slice(inner), B: map(string), C: slice(string) });
  assert.is(
    encodeJson(value(type, { A: [{ Deep: 'd' }], B: {}, C: ['c', 'd'] }), 2),
    '{\n  "A": [\n    {\n      "Deep": "d"\n    }\n  ],\n  "B": {},\n  "C": [\n    "c",\n    "d"\n  ]\n}',
  );
});

test('what is around a field is the text without it', () => {
  const data = { name: 'ä <&> \n', Deep: 'deep', Yes: true, List: ['a'] };
  const whole = encodeJson(value(outer, data));
  const fields: [string, string][] = [
    ['Name', '"ä <&> \\n"'],
    ['Yes', 'true'],
    ['Any', 'null'],
  ];
  for (const [name, text] of fields) assert.is(printAround(outer, data, name).join(text), whole);
});

test('data that has a text is printed so in one line, as one of its own type', () => {
  const data = printedAs(inner, { Deep: 'one' }, '{"Text":1}');
  assert.is(encodeJson(value(slice(inner), [data])), '[{"Text":1}]');
  assert.is(encodeJson(value(slice(inner), [data]), 1), '[\n {\n  "Deep": "one"\n }\n]');
  assert.is(encodeJson(value(struct('other', { Other: key('Deep', string) }), data)), '{"Deep":"one"}');
});

test.run();
