import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { proxyFor, proxyHeaders } from './proxy.ts';

const env = { HTTPS_PROXY: 'http://p:3128', http_proxy: 'q:8080' };

for (const [url, more, wanted] of [
  ['https://r.example/v2/', {}, 'http://p:3128/'],
  ['http://r.example/v2/', {}, 'http://q:8080/'],
  ['https://r.example/v2/', { NO_PROXY: '*' }, undefined],
  ['https://r.example/v2/', { NO_PROXY: 'x,r.example y' }, undefined],
  ['https://sub.r.example/v2/', { no_proxy: 'r.example' }, undefined],
  ['https://sub.r.example/v2/', { NO_PROXY: '.r.example' }, undefined],
  ['https://r.example/v2/', { NO_PROXY: '.r.example' }, 'http://p:3128/'],
  ['https://other-r.example/v2/', { NO_PROXY: 'r.example' }, 'http://p:3128/'],
  ['https://r.example:5000/v2/', { NO_PROXY: 'r.example:5000' }, undefined],
  ['https://r.example:5001/v2/', { NO_PROXY: 'r.example:5000' }, 'http://p:3128/'],
  ['https://10.1.2.3/v2/', { NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://11.1.2.3/v2/', { NO_PROXY: '10.0.0.0/8' }, 'http://p:3128/'],
  ['http://localhost:5000/', {}, undefined],
  ['http://127.0.0.5:5000/', {}, undefined],
  ['http://[::1]:5000/', {}, undefined],
] as const) {
  test(`${url} with ${JSON.stringify(more)}`, () => {
    assert.is(proxyFor(new URL(url), { ...env, ...more })?.href, wanted);
  });
}

test('a proxy that is none is an error without its password, and its user is sent to it alone', () => {
  for (const value of ['socks5://me:secret@p', 'http://me:secret@'])
    assert.throws(
      () => proxyFor(new URL('https://r'), { HTTPS_PROXY: value }),
      (error: Error) => /^HTTPS_PROXY is no/.test(error.message) && !/secret/.test(error.message),
    );
  const wanted = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  assert.equal(proxyHeaders(new URL('http://me:p%40ss@p')), { 'proxy-authorization': wanted });
  assert.equal(proxyHeaders(new URL('http://p')), {});
});

test.run();
