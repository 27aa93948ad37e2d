import assert from 'node:assert/strict';
import { openStage, type Stage } from './support/stage';
import { until } from './support/until';

describe('Revoke API Key', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());
  beforeEach(() => stage.signIn());
  afterEach(() => stage.reset());

  const deletes = () => stage.sandbox.requests.filter(({ method }) => method === 'DELETE');

  it('asks once, sends one DELETE with the right path and bearer, and says that the key is gone', async () => {
    const key = stage.sandbox.key('ada', 'prod-bot');
    const command = stage.run('omi.key.revoke', await stage.row('prod-bot'));
    const question = await stage.person.nextMessage();
    assert.equal(question.isModal, true);
    assert.equal(question.text, 'Revoke "prod-bot"?');
    question.press('Revoke');
    const result = await stage.person.nextMessage();
    assert.match(result.text, /^Revoked "prod-bot"/);
    result.press(undefined);
    await command.done;
    assert.deepEqual(
      deletes().map(({ rawPath }) => rawPath),
      [`/v1/dev/keys/${key.id}`],
    );
    await until('the row to leave', async () => !(await stage.rows()).includes('prod-bot'));
  });
});
