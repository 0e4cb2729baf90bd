import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MinidockError } from '../../errors.ts';
import { renderTemplate } from './render.ts';

const web = {
  Id: 'bdd8674bca38d6d8',
  Name: '/web',
  Path: 'sleep',
  Args: ['1000'],
  State: { Running: true, Pid: 23010, Error: '' },
  Config: { Env: ['A=b', 'C=d'], Labels: {}, Image: 'bb', Entrypoint: null },
  Mounts: [
    { Source: '/opt', Destination: '/data' },
    { Source: '/v', Destination: '/w' },
  ],
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '443/tcp': null },
    Networks: { bridge: { IPAddress: '172.18.0.2' } },
  },
};

const good: readonly [string, string][] = [
  ['{{ .State.Pid }}', '23010'],
  ['{{.State.Running}} {{.Name}}', 'true /web'],
  ['{{.Args}}|{{.Config.Labels}}|{{.Config.Entrypoint}}', '[1000]|map[]|<no value>'],
  ['{{json .State.Pid}} {{json .Args}} {{json "<"}}', '23010 ["1000"] "\\u003c"'],
  ['{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}}{{end}}', 'bridge=172.18.0.2'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '172.18.0.2'],
  ['{{range .Mounts}}{{.Source}}->{{.Destination}} {{end}}', '/opt->/data /v->/w '],
  ['{{range $i, $a := .Config.Env}}{{$i}}:{{$a}} {{end}}', '0:A=b 1:C=d '],
  ['{{range $a := .Config.Env}}{{$a}};{{end}}', 'A=b;C=d;'],
  ['{{range .Config.Labels}}{{.}}{{else}}none{{end}}', 'none'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range $p, $c := .NetworkSettings.Ports}}{{$p}} {{end}}', '443/tcp 80/tcp '],
  ['{{index .NetworkSettings.Ports "81/tcp"}}', '<no value>'],
  ['{{index .Args 0}} {{len .Args}} {{len .Name}}', '1000 1 4'],
  ['{{join .Config.Env ","}} {{upper "a"}} {{title "ab cd"}} {{split "a,b" ","}}', 'A=b,C=d A Ab Cd [a b]'],
  ['{{printf "%s-%d-%v|%-5s|%5s|%q%%" .Name .State.Pid .Args "ab" "cd" "x"}}', '/web-23010-[1000]|ab   |   cd|"x"%'],
  ['{{if and .State.Running (eq .Path "sleep")}}y{{else if .Foo}}z{{else}}n{{end}}', 'y'],
  ['{{if not .State.Running}}y{{else if eq .Path "a" "sleep"}}z{{else}}n{{end}}!', 'z!'],
  ['{{if .State.Error}}e{{end}}{{with .Config}}{{.Image}}{{end}}', 'bb'],
  ['{{with $c := .Config}}{{$c.Image}}{{$.Name}}{{end}}', 'bb/web'],
  ['{{"a" | printf "%s%s" "b"}} {{.Name | upper | json}}', 'ba "/WEB"'],
  ['a {{- " b " -}} c', 'a b c'],
  ['a\n {{- /* note */ -}} \n b {{/* other */}}x', 'ab x'],
  ['{{$x := .Name}}{{$x}}{{$x = "y"}}{{$x}}', '/weby'],
  ['{{lt .State.Pid 5}} {{ge 5 5}} {{ne "a" "b"}} {{or "" "x"}} {{and 1 0}}', 'false true true x 0'],
  ['{{truncate .Id 12}} {{slice .Id 0 4}} {{pad "a" 2 1}}|{{lower "AB"}}', 'bdd8674bca38 bdd8   a |ab'],
  ['{{println "x" 1}}{{print true}}', 'x 1\ntrue'],
  ['{{`raw "x"`}}{{"t\\tab"}}{{1.5}}{{-3}}', 'raw "x"t\tab1.5-3'],
  ['}} no action {', '}} no action {'],
  ['', ''],
];

for (const [source, expected] of good) test(source, () => assert.is(renderTemplate(source, web), expected));

// As Docker's client prints them for the same templates.
const bad: readonly [string, string, number][] = [
  ['{{.Foo}}', ':1:2: executing "" at <.Foo>: map has no entry for key "Foo"', 1],
  ['{{.State.Foo}}', ':1:8: executing "" at <.State.Foo>: map has no entry for key "Foo"', 1],
  ['{{ .State.Foo.Bar}}', ':1:9: executing "" at <.State.Foo.Bar>: map has no entry for key "Foo"', 1],
  ['{{.state.pid}}', ':1:8: executing "" at <.state.pid>: map has no entry for key "state"', 1],
  ['{{.State.Pid.X}}', `:1:8: executing "" at <.State.Pid.X>: can't evaluate field X in type interface {}`, 1],
  [
    '{{index .Args 0}} {{index .Args 5}}',
    ':1:20: executing "" at <index .Args 5>: error calling index: index out of range: 5',
    1,
  ],
  [
    '{{(index (index .NetworkSettings.Ports "81/tcp") 0).HostPort}}',
    ':1:3: executing "" at <index (index .NetworkSettings.Ports "81/tcp") 0>: error calling index: index of untyped nil',
    1,
  ],
  ['{{len 5}}', ':1:2: executing "" at <len 5>: error calling len: len of type int', 1],
  ['{{1.5}} {{true}} {{nil}}', ':1:19: executing "" at <nil>: nil is not a command', 1],
  ['\n{{.Foo}}', ':2:2: executing "" at <.Foo>: map has no entry for key "Foo"', 1],
  ['{{.constructor}}', ':1:2: executing "" at <.constructor>: map has no entry for key "constructor"', 1],
  [
    '{{.Config.Entrypoint.X}}',
    ':1:9: executing "" at <.Config.Entrypoint.X>: nil pointer evaluating interface {}.X',
    1,
  ],
  ['{{.State', ':1: unclosed action', 64],
  ['{{', ':1: unclosed action', 64],
  ['{{foo}}', ':1: function "foo" not defined', 64],
  ['{{constructor}}', ':1: function "constructor" not defined', 64],
  ['{{if}}', ':1: missing value for if', 64],
  ['{{}}', ':1: missing value for command', 64],
  ['{{end}}', ':1: unexpected {{end}}', 64],
  ['{{range .Args}}x', ':1: unexpected EOF', 64],
  ['{{$y}}', ':1: undefined variable "$y"', 64],
  ['{{if true}}{{$y := 1}}{{end}}{{$y}}', ':1: undefined variable "$y"', 64],
  ['{{"unterminated}}', ':1: unterminated quoted string', 64],
];

for (const [source, message, exitCode] of bad) {
  test(`refused: ${source}`, () => {
    assert.throws(
      () => renderTemplate(source, web),
      (error: MinidockError) => {
        assert.equal([error.message, error.exitCode], [`template parsing error: template: ${message}`, exitCode]);
        return true;
      },
    );
  });
}

test.run();
