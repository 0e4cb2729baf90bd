import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { value } from '../../api/go/values.ts';
import { imageInspect } from '../../api/shapes/image/types.ts';
import { MinidockError } from '../../errors.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { compileForInspect } from './inspection.ts';
import { type Case, caseImage } from './testing/case.ts';
import { functionCases } from './testing/function-cases.ts';
import { printfCases } from './testing/printf-cases.ts';
import { syntaxCases } from './testing/syntax-cases.ts';

const image = value(imageInspect, {
  Id: 'sha256:11',
  RepoTags: [caseImage.name],
  RepoDigests: [],
  ContainerConfig: {},
  Config: { Env: ['A=b'], Cmd: ['sh'] },
  Architecture: 'amd64',
  Os: 'linux',
  Size: 5,
  RootFS: { Type: 'layers', Layers: [`sha256:${'27'.repeat(32)}`] },
  GraphDriver: { Name: 'overlay2', Data: { MergedDir: '/m', UpperDir: '/u', WorkDir: '/w' } },
  Metadata: { LastTagTime: '2026-01-01T00:00:00Z' },
});

function check([template, expected, exitCode]: Case): void {
  try {
    assert.is(compileForInspect(template)(image), expected, template);
    assert.is(undefined, exitCode, template);
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    assert.equal(
      [error.message, exitCodeOf(error)],
      [`template parsing error: template: ${expected}`, exitCode],
      template,
    );
  }
}

test('{{else with}}, as newer versions of Go have it', () =>
  check(['{{with ""}}a{{else with "b"}}{{.}}{{else}}c{{end}}', 'b']));

test('syntax', () => syntaxCases.forEach(check));
test('printf', () => printfCases.forEach(check));
test('functions, fields, types', () => functionCases.forEach(check));

test.run();
